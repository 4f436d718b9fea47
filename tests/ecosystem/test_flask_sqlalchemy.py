"""Flask-SQLAlchemy: the origins are rows of a table, and a page is allowed while its row is there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool

from flask_cors import CORS
from tests.ecosystem.helpers import DENIED, ORIGIN, allowed, call, check, preflight


class Base(DeclarativeBase):
    pass


class Tenant(Base):
    __tablename__ = "tenants"
    origin: Mapped[str] = mapped_column(primary_key=True)


class Tenants(Flask):
    """An app with the table, and the origins that were looked up in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__)
        self.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder}/tenants.sqlite"
        self.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool}
        self.add_url_rule("/orders", "orders", lambda: ["tea"])
        self.looked_up: list[str] = []
        self.database = SQLAlchemy(self, model_class=Base)

    def has(self, origin: str) -> bool:
        self.looked_up.append(origin)
        return self.database.session.get(Tenant, origin) is not None


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Tenants]:
    app = Tenants(tmp_path)
    with app.app_context():
        Base.metadata.create_all(app.database.engine)
    yield app
    with app.app_context():
        app.database.engine.dispose()


def test_the_table_decides_at_each_request_and_is_read_once_and_only_for_origins(app: Tenants) -> None:
    CORS(app, origins=["https://fixed.example", app.has])
    for origin in [ORIGIN, "not an origin", "https://" + "a" * 1000]:
        assert call(app, "GET", "/orders", origin) == (200, DENIED)
    assert call(app, "GET", "/orders", "https://fixed.example") == (200, allowed("https://fixed.example"))
    assert app.looked_up == [ORIGIN]
    with app.app_context():
        app.database.session.add(Tenant(origin=ORIGIN))
        app.database.session.commit()
    check(app, "GET", "/orders")


def test_no_origin_is_allowed_when_the_database_fails(app: Tenants, caplog: pytest.LogCaptureFixture) -> None:
    CORS(app, origins=app.has)
    with app.app_context():
        Base.metadata.drop_all(app.database.engine)
    assert call(app, "GET", "/orders") == preflight(app, "/orders", "GET") == (200, DENIED)
    assert [ORIGIN in record.getMessage() for record in caplog.records] == [True] * 2
    assert all("no such table" in str(record.exc_info) for record in caplog.records)
