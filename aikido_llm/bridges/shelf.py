"""Where the frames of an answer lie that is kept for its readers: a Redis stream, and a hash beside it.

    aikido_llm:answer:{ID}:frames   entry N-0 is frame N, from 1, in `f`; the last one also has `o`
    aikido_llm:answer:{ID}:state    status (running, over), last (number of the last frame), lost (what a reader gets
                                    whose answer has no end), alive (until when, by Redis' clock, its maker is taken
                                    to live), seen (when it was last read), stop

Each step is one script, so no reader sees half of it, and frames that are written twice are there once.
"""

from typing import Any, cast

from attrs import frozen

from ..middleware.limits.redis import RedisStore

# Shared by the scripts: the message, the clock in milliseconds.
_HEAD = """
local frames, state, m = KEYS[1], KEYS[2], cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_WRITE = (
    _HEAD
    + """
if m.lost then
  redis.call('HSET', state, 'status', 'running', 'lost', m.lost, 'last', 0, 'seen', now)
elseif redis.call('EXISTS', state) == 0 then
  return {'gone'}
end
local last = tonumber(redis.call('HGET', state, 'last'))
for at, frame in ipairs(m.frames) do
  local number = m.first + at - 1
  if number > last then
    local entry = {'XADD', frames, number .. '-0', 'f', frame}
    if m.over and at == #m.frames then
      entry[6], entry[7] = 'o', '1'
    end
    redis.call(unpack(entry))
    last = number
  end
end
redis.call('XTRIM', frames, 'MAXLEN', m.most)
redis.call('HSET', state, 'last', last, 'alive', now + m.lease, 'status', m.over and 'over' or 'running')
redis.call('PEXPIRE', frames, m.keep)
redis.call('PEXPIRE', state, m.keep)
if redis.call('HGET', state, 'stop') then
  return {'stop'}
end
return {now - redis.call('HGET', state, 'seen') > m.unread and 'unread' or 'on'}
"""
)
_LOOK = (
    _HEAD
    + """
local found = redis.call('HMGET', state, 'status', 'last', 'lost', 'alive')
if not found[1] then
  return {}
end
redis.call('HSET', state, 'seen', now)
return {found[1], tonumber(found[2]), found[3], tonumber(found[4]) > now and 1 or 0}
"""
)
_TAKE = (
    _HEAD
    + """
local taken, size, after = {}, 0, m.after
while #taken < m.most and size < m.bytes do
  local entry = redis.call('XRANGE', frames, '(' .. after, '+', 'COUNT', 1)[1]
  if not entry then
    break
  end
  after = entry[1]
  size = size + #entry[2][2]
  taken[#taken + 1] = {entry[1], entry[2][2], entry[2][3] and 1 or 0}
end
return taken
"""
)
_STOP = (
    _HEAD
    + """
if redis.call('HGET', state, 'status') ~= 'running' then
  return {0}
end
redis.call('HSET', state, 'stop', '1')
return {1}
"""
)

_AT_ONCE = 500  # frames of one read
_BYTES = 256 * 1024  # of one read, behind which no further frame is taken: frames may be pictures


@frozen
class State:
    """What is known of an answer. over: it has its end. last: number of the last frame. lost: see above. alive: its
    maker has been heard of lately."""

    over: bool
    last: int
    lost: bytes
    alive: bool


@frozen
class Shelf:
    """The steps. Each of them raises `Gone`.

    lease: seconds after which a maker that is not heard of is taken for dead. keep: seconds that an answer is kept
    after it was last written to, and that it is made without a reader. most: frames kept of one.
    """

    store: RedisStore
    lease: float
    keep: float
    most: int

    async def begin(self, id: str, lost: bytes) -> None:
        """An answer begins."""
        await self._write(id, 1, [], over=False, lost=lost.decode())

    async def write(self, id: str, first: int, frames: list[bytes], *, over: bool = False) -> str:
        """Frames, the first of which has that number; none only says that the maker lives. What it shall do: "on";
        "stop"; "unread": stop, for nobody has read for so long; "gone": stop, there is no such answer any more."""
        return await self._write(id, first, [frame.decode() for frame in frames], over=over)

    async def look(self, id: str) -> State | None:
        """As a reader does, which counts as reading; None: there is no such answer."""
        found = await self.store.step(_LOOK, _keys(id), {})
        if not found:
            return None
        status, last, lost, alive = cast("tuple[str, int, str, int]", found)
        return State(status == "over", last, lost.encode(), bool(alive))

    async def read(self, id: str, after: int, seconds: float) -> list[tuple[int, bytes, bool]]:
        """(number, frame, whether it is the last) of those behind that number; waits so long for the first."""
        message = {"after": f"{after}-0", "most": _AT_ONCE, "bytes": _BYTES}
        taken = await self.store.step(_TAKE, _keys(id), message)
        if taken:
            return [(_at(entry), frame.encode(), bool(over)) for entry, frame, over in taken]
        entries = await self.store.read_stream(_keys(id)[0], f"{after}-0", 1, seconds)
        return [(_at(entry), fields["f"].encode(), "o" in fields) for entry, fields in entries]

    async def stop(self, id: str) -> bool:
        """Tell the maker to stop. Whether there was anything to stop."""
        return bool((await self.store.step(_STOP, _keys(id), {}))[0])

    async def _write(self, id: str, first: int, frames: list[str], over: bool, lost: str | None = None) -> str:
        message: dict[str, Any] = {"first": first, "frames": frames, "over": over, "most": self.most}
        if lost is not None:
            message["lost"] = lost
        for name, seconds in (("lease", self.lease), ("keep", self.lease + self.keep), ("unread", self.keep)):
            message[name] = int(seconds * 1000)
        return str((await self.store.step(_WRITE, _keys(id), message))[0])


def _at(entry: str) -> int:
    return int(entry.partition("-")[0])


def _keys(id: str) -> tuple[str, str]:
    return f"aikido_llm:answer:{{{id}}}:frames", f"aikido_llm:answer:{{{id}}}:state"
