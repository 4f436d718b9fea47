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


class Tenants:
    """The table, and the origins that were looked up in it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.looked_up: list[str] = []
        self.database = SQLAlchemy(app, model_class=Base)
        self.cached = lru_cache(maxsize=100)(self.has)

    def has(self, origin: str) -> bool:
        self.looked_up.append(origin)
        return self.database.session.get(Tenant, origin) is not None

    def add(self, origin: str) -> None:
        with self.app.app_context():
            self.database.session.add(Tenant(origin=origin))
            self.database.session.commit()


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/tenants.sqlite"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool}
    app.add_url_rule("/orders", "orders", lambda: ["tea"])
    return app


@pytest.fixture
def tenants(app: Flask) -> Iterator[Tenants]:
    tenants = Tenants(app)
    with app.app_context():
        Base.metadata.create_all(tenants.database.engine)
    yield tenants
    with app.app_context():
        tenants.database.engine.dispose()


def test_the_table_decides_at_each_request(app: Flask, tenants: Tenants) -> None:
    CORS(app, origins=tenants.has)
    assert call(app, "GET", "/orders") == (200, DENIED)
    tenants.add(ORIGIN)
    check(app, "GET", "/orders")


def test_the_table_is_read_once_a_request_and_only_for_origins(app: Flask, tenants: Tenants) -> None:
    CORS(app, origins=["https://fixed.example", tenants.has])
    for origin in [ORIGIN, "https://fixed.example", "not an origin", "https://" + "a" * 1000]:
        call(app, "GET", "/orders", origin)
    app.test_client().get("/orders")
    assert tenants.looked_up == [ORIGIN]


def test_a_cache_looks_up_once_until_it_is_cleared(app: Flask, tenants: Tenants) -> None:
    CORS(app, origins=tenants.cached)
    assert [call(app, "GET", "/orders") for _ in range(3)] == [(200, DENIED)] * 3
    tenants.add(ORIGIN)
    assert call(app, "GET", "/orders") == (200, DENIED)
    tenants.cached.cache_clear()
    assert [call(app, "GET", "/orders") for _ in range(3)] == [(200, allowed())] * 3
    assert tenants.looked_up == [ORIGIN, ORIGIN]


def test_no_origin_is_allowed_when_the_database_fails(
    app: Flask, tenants: Tenants, caplog: pytest.LogCaptureFixture
) -> None:
    CORS(app, origins=tenants.has)
    with app.app_context():
        Base.metadata.drop_all(tenants.database.engine)
    assert call(app, "GET", "/orders") == preflight(app, "/orders", "GET") == (200, DENIED)
    assert len(caplog.records) == 2
    for record in caplog.records:
        assert ORIGIN in record.getMessage()
        assert "no such table" in str(record.exc_info)
