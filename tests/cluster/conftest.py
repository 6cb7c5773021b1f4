"""The real servers that these tests need."""

from ..services import redis_server as redis_server
