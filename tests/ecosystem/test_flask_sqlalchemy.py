"""Flask-SQLAlchemy: the origins are rows of a table, and a page is allowed while its row is there."""

from collections.abc import Iterator
from functools import lru_cache
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

    def add(self, origin: str) -> None:
        with self.app_context():
            self.database.session.add(Tenant(origin=origin))
            self.database.session.commit()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Tenants]:
    app = Tenants(tmp_path)
    with app.app_context():
        Base.metadata.create_all(app.database.engine)
    yield app
    with app.app_context():
        app.database.engine.dispose()


def test_the_table_decides_at_each_request(app: Tenants) -> None:
    CORS(app, origins=app.has)
    assert call(app, "GET", "/orders") == (200, DENIED)
    app.add(ORIGIN)
    check(app, "GET", "/orders")


def test_the_table_is_read_once_a_request_and_only_for_origins(app: Tenants) -> None:
    CORS(app, origins=["https://fixed.example", app.has])
    for origin in [ORIGIN, "https://fixed.example", "not an origin", "https://" + "a" * 1000]:
        call(app, "GET", "/orders", origin)
    app.test_client().get("/orders")
    assert app.looked_up == [ORIGIN]


def test_a_cache_looks_up_once_until_it_is_cleared(app: Tenants) -> None:
    cached = lru_cache(maxsize=100)(app.has)
    CORS(app, origins=cached)
    assert [call(app, "GET", "/orders") for _ in range(3)] == [(200, DENIED)] * 3
    app.add(ORIGIN)
    assert call(app, "GET", "/orders") == (200, DENIED)
    cached.cache_clear()
    assert [call(app, "GET", "/orders") for _ in range(3)] == [(200, allowed())] * 3
    assert app.looked_up == [ORIGIN, ORIGIN]


def test_no_origin_is_allowed_when_the_database_fails(app: Tenants, caplog: pytest.LogCaptureFixture) -> None:
    CORS(app, origins=app.has)
    with app.app_context():
        Base.metadata.drop_all(app.database.engine)
    assert call(app, "GET", "/orders") == preflight(app, "/orders", "GET") == (200, DENIED)
    assert [ORIGIN in record.getMessage() for record in caplog.records] == [True] * 2
    assert all("no such table" in str(record.exc_info) for record in caplog.records)
