"""PROTOCOL.md §1: framing."""

import json

import pytest
from websockets.exceptions import InvalidStatus

PAD = 64 * 1024


def ping(size: int) -> str:
    """A `ping` of exactly so many bytes."""
    text = json.dumps({"type": "ping", "t": 1, "pad": ""})
    return text.replace('"pad": ""', f'"pad": "{"x" * (size - len(text))}"')


async def test_a_message_holds_several_objects(server, clients):
    client = await clients.open(server)
    await client.send({"type": "ping", "t": 1}, {"type": "ping", "t": 2}, {"type": "ping", "t": 3})
    for t in (1, 2, 3):
        assert (await client.expect("pong"))["t"] == t


async def test_hello_and_what_follows_may_share_a_message(server, clients):
    client = await clients.raw(server)
    await client.send({"type": "hello", "client": {"name": "x", "version": "1"}}, {"type": "list", "id": "a"})
    await client.expect("welcome")
    await client.expect("rooms", id="a")


async def test_a_message_may_come_in_fragments(server, clients):
    client = await clients.open(server)
    await client.socket.send(iter(['{"type":"pi', 'ng","t":5}\n{"ty', 'pe":"ping","t":6}']))
    await client.expect("pong", t=5)
    await client.expect("pong", t=6)


@pytest.mark.parametrize("line", ["not json", "{", '{"type":"ping"', "[1]", "1", '"ping"', "null", "true", "[" * 2000,
                                  '{"a":' * 500, '{"type":"ping","t":1}}', "{'type':'ping'}", '{"type":"\\ud800"}x'])
async def test_a_bad_line_is_refused_and_the_others_count(server, clients, line):
    client = await clients.open(server)
    await client.send_text('{"type":"ping","t":1}\n' + line + '\n{"type":"ping","t":2}')
    await client.expect("pong", t=1)
    await client.expect("no", code="bad_request")
    await client.expect("pong", t=2)


async def test_an_unknown_type_is_named_so(server, clients):
    client = await clients.open(server)
    await client.send({"type": "fly_away", "id": "z"})
    answer = await client.expect("no", code="unknown_type")
    assert answer["retry"] is False and answer["message"]
    await client.barrier()


@pytest.mark.parametrize("message", [{}, {"id": "a"}, {"type": None}, {"type": 5}, {"type": ["ping"]}])
async def test_an_object_without_a_proper_type_is_refused(server, clients, message):
    client = await clients.open(server)
    await client.send(message)
    answer = await client.expect("no")
    assert answer["code"] in ("bad_request", "unknown_type")
    await client.barrier()


async def test_unknown_fields_are_ignored(server, clients):
    client = await clients.open(server)
    await client.send({"type": "ping", "t": 9, "colour": {"deep": [1, None, {"x": 2}]}})
    await client.expect("pong", t=9)


@pytest.mark.parametrize("size", [4096, 4095])
async def test_a_message_of_the_limit_is_heard(server, clients, size):
    client = await clients.open(server)
    await client.send_text(ping(size))
    await client.expect("pong", t=1)


@pytest.mark.parametrize("size", [4097, 20_000, PAD])
async def test_a_larger_message_is_too_large_and_the_socket_lives(server, clients, size):
    client = await clients.open(server)
    await client.send_text(ping(size))
    await client.expect("no", code="too_large")
    await client.barrier()
    assert not [m for _, m in client.inbox if m["type"] == "pong"], "a refused message was read all the same"


@pytest.mark.parametrize("size", [PAD + 1, 1_000_000])
async def test_a_message_over_64_kib_closes_1009(server, clients, size):
    client = await clients.open(server)
    await client.send_text(ping(size))
    assert await client.expect_close() == 1009


async def test_many_fragments_over_64_kib_close_1009(server, clients):
    client = await clients.open(server)
    await client.send_text(iter(["x" * 10_000] * 8))
    assert await client.expect_close() == 1009


async def test_binary_closes_1003(server, clients):
    client = await clients.open(server)
    await client.socket.send(b'{"type":"ping","t":1}')
    assert await client.expect_close() == 1003


@pytest.mark.parametrize("payload", [b"\xff", b'{"type":"\xc3\x28"}', b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3"])
async def test_text_that_is_not_utf_8_closes_1007(server, clients, payload):
    client = await clients.open(server)
    await client.socket.send(payload, text=True)
    assert await client.expect_close() == 1007


async def test_no_subprotocol_is_served_too(server, clients):
    client = await clients.open(server, subprotocols=None)
    assert client.socket.subprotocol is None


async def test_the_subprotocol_is_chosen_among_others(server, clients):
    client = await clients.open(server, subprotocols=("chat", "gameserver.v1", "x"))
    assert client.socket.subprotocol == "gameserver.v1"


async def test_only_unknown_subprotocols_get_400(server, clients):
    with pytest.raises(InvalidStatus) as refused:
        await clients.raw(server, subprotocols=("chat", "gameserver.v2"))
    assert refused.value.response.status_code == 400


@pytest.mark.parametrize("path", ["?room=", "?room=ZZZZZZZZ", "?room=%00", "?room=../../etc", "?x=1&room=a&room=b"])
async def test_an_unknown_room_in_the_address_is_ignored(server, clients, path):
    client = await clients.open(server, path=path)
    await client.barrier()


async def test_nothing_a_client_sends_is_echoed_into_a_frame_that_is_not_json(server, clients):
    client = await clients.open(server)
    for text in ('{"type":"x\\n{\\"type\\":\\"ok\\"}"}', '{"type":"\u2028\u0000x"}'.replace("\u0000", "\\u0000")):
        await client.send_text(text)
        await client.expect("no", code="unknown_type")
    await client.barrier()
