"""PROTOCOL.md §1–§2: list, create, join, watch; ids, names, secrets."""

import re
import time

import pytest

from seat import new_secret
from table import sit, start

CROCKFORD = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
BASE64URL = re.compile(r"[A-Za-z0-9_-]{22,64}")


async def listed(client, **fields) -> dict:
    answer = await client.request("list", **fields)
    assert answer["type"] == "rooms"
    return {room["room"]: room for room in answer["rooms"]}


async def refused(client, code, kind: str, **fields) -> dict:
    """The request must be answered `no` with the code (or one of the codes)."""
    answer = await client.request(kind, **fields)
    codes = (code,) if isinstance(code, str) else code
    assert answer["type"] == "no" and answer["code"] in codes, f"{kind} {fields}: {answer}, not {code}"
    assert answer["message"] and answer["retry"] is False
    return answer


async def test_create_joins_the_creator_as_host(server, clients):
    client = await clients.open(server)
    secret = new_secret()
    joined = await client.request("create", game="liap-tui", name="Ana", secret=secret)
    assert joined["type"] == "joined" and CROCKFORD.fullmatch(joined["room"])
    assert joined["game"]["id"] == "liap-tui" and joined["game"]["version"]
    assert (joined["seat"], joined["secret"], joined["seq"], joined["resume"]) == (0, secret, 0, "new")
    assert (joined["last_n"], joined["results"], joined["view"]) == (0, [], None)
    assert isinstance(joined["epoch"], str) and joined["epoch"]
    status = joined["status"]
    assert (status["state"], status["host"]) == ("waiting", 0)
    assert [seat["seat"] for seat in status["seats"]] == [0, 1, 2, 3]
    assert [seat["kind"] for seat in status["seats"]] == ["human", "empty", "empty", "empty"]
    assert status["seats"][0]["name"] == "Ana" and status["seats"][0]["connected"] is True


async def test_the_server_makes_a_secret_when_the_client_does_not(server, clients):
    client = await clients.open(server)
    first = await client.request("create", game="liap-tui", name="Ana")
    second = await client.request("create", game="liap-tui", name="Ana")
    assert BASE64URL.fullmatch(first["secret"]) and first["secret"] != second["secret"]
    assert first["room"] != second["room"]


@pytest.mark.parametrize("secret", ["a" * 21, "a" * 65, "a" * 21 + "!", "a" * 21 + "=", "ä" * 22, "", 5])
async def test_a_poor_secret_is_refused(server, clients, secret):
    client = await clients.open(server)
    await refused(client, "bad_request", "create", game="liap-tui", name="Ana", secret=secret)


@pytest.mark.parametrize("kind", ["create", "join"])
async def test_the_same_secret_again_is_the_same_seat(server, clients, kind):
    host = await sit(clients, server, 1)
    client, secret = await clients.open(server), new_secret()
    fields = {"game": "liap-tui"} if kind == "create" else {"room": host[0].room}
    first = await client.request(kind, name="Ben", secret=secret, **fields)
    again = await client.request(kind, name="Ben", secret=secret, **fields)
    assert again["type"] == "joined", again
    assert (again["room"], again["seat"], again["secret"]) == (first["room"], first["seat"], secret)
    other = await clients.open(server)
    elsewhere = await other.request(kind, name="Ben", secret=secret, **fields)
    assert (elsewhere["type"], elsewhere["room"], elsewhere["seat"]) == ("joined", first["room"], first["seat"])
    people = [seat["seat"] for seat in elsewhere["status"]["seats"] if seat["kind"] == "human"]
    assert people == ([0] if kind == "create" else [0, 1])


@pytest.mark.parametrize("name", ["", "   ", "x" * 51, "<b>", "a>b", "a&b", 'a"b', "a\nb", "a\u0000b", "a\u0085b",
                                  "a\u007fb", 5, None, ["Ana"]])
async def test_a_bad_name_is_refused(server, clients, name):
    client = await clients.open(server)
    await refused(client, "bad_request", "create", game="liap-tui", name=name)


@pytest.mark.parametrize("name", ["A", "x" * 50, "O'Neil", "Zoë", "李", "🂡" * 50, "a b"])
async def test_a_good_name_is_taken_as_it_is(server, clients, name):
    client = await clients.open(server)
    joined = await client.request("create", game="liap-tui", name=name)
    assert joined["type"] == "joined", joined
    assert joined["status"]["seats"][0]["name"] == name


async def test_a_name_is_trimmed(server, clients):
    client = await clients.open(server)
    joined = await client.request("create", game="liap-tui", name="  \tAna  ")
    assert joined["status"]["seats"][0]["name"] == "Ana"


@pytest.mark.parametrize("name", ["Ana", "ANA", " ana "])
async def test_a_name_is_unique_in_its_room_ignoring_case(server, clients, name):
    chairs = await sit(clients, server, 1)
    client = await clients.open(server)
    await refused(client, "name_taken", "join", room=chairs[0].room, name=name)
    await refused(client, "name_taken", "join", room=chairs[0].room, name=name)
    assert (await client.request("join", room=chairs[0].room, name="Anna"))["type"] == "joined"


async def test_an_unknown_game_is_refused(server, clients):
    client = await clients.open(server)
    for game in ("chess", "", None, 5, "LIAP-TUI\u0000"):
        await refused(client, "bad_request", "create", game=game, name="Ana")


@pytest.mark.parametrize("fields", [{"visibility": "secret"}, {"visibility": 1}, {"options": 5}, {"options": []}])
async def test_malformed_fields_of_create_are_refused(server, clients, fields):
    client = await clients.open(server)
    await refused(client, "bad_request", "create", game="liap-tui", name="Ana", **fields)


async def test_the_list_shows_public_rooms_newest_first(server, clients):
    client = await clients.open(server)
    older = await client.create("Ana")
    hidden = await client.create("Ana", visibility="private")
    newer = await client.create("Ana", visibility="public")
    await client.host(older, "add_bot")
    answer = await client.request("list")
    rooms = [room["room"] for room in answer["rooms"]]
    assert hidden.room not in rooms and rooms.index(newer.room) < rooms.index(older.room)
    assert len(rooms) <= 100
    line = next(room for room in answer["rooms"] if room["room"] == older.room)
    assert set(line) >= {"room", "game", "state", "host", "players", "seats", "bots", "created"}
    assert (line["game"], line["state"], line["host"]) == ("liap-tui", "waiting", "Ana")
    assert (line["players"], line["seats"], line["bots"]) == (1, 4, 1)
    assert abs(line["created"] - time.time() * 1000) < 60_000
    created = [room["created"] for room in answer["rooms"]]
    assert created == sorted(created, reverse=True)


async def test_the_list_can_be_of_one_game(server, clients):
    client = await clients.open(server)
    mine = await client.create("Ana")
    other = await client.request("create", game="tic-tac-toe", name="Ana")
    assert other["type"] == "joined", other
    rooms = await listed(client, game="liap-tui")
    assert mine.room in rooms and other["room"] not in rooms
    rooms = await listed(client, game="tic-tac-toe")
    assert mine.room not in rooms and other["room"] in rooms


async def test_a_private_room_admits_whoever_has_its_id(server, clients):
    chairs = await sit(clients, server, 2, visibility="private")
    assert chairs[1].seat.seat == 1


async def test_room_ids_ignore_case_and_read_i_l_o(server, clients):
    host = await clients.open(server)
    for _ in range(30):
        seat = await host.create("Ana")
        if re.search("[01]", seat.room):
            break
        await host.leave(seat)
        await host.close()
        host = await clients.open(server)
    spellings = {seat.room.lower(), seat.room.replace("0", "O"), seat.room.replace("0", "o").replace("1", "I"),
                 seat.room.replace("1", "l"), seat.room.replace("1", "i").lower(), seat.room.replace("1", "L")}
    for spelling in spellings:
        client = await clients.open(server)
        joined = await client.request("watch", room=spelling)
        assert joined["type"] == "joined" and joined["room"] == seat.room, f"{spelling} of {seat.room}: {joined}"


@pytest.mark.parametrize("room", ["ZZZZZZZZ", "", "ZZZ", "ZZZZZZZZZ", "U!UUUUUU", "../../..", "ÄÄÄÄ", "x" * 1000])
async def test_a_room_that_is_not_there(server, clients, room):
    client = await clients.open(server)
    codes = "room_not_found" if room == "ZZZZZZZZ" else ("room_not_found", "bad_request")
    await refused(client, codes, "join", room=room, name="Ana")
    await refused(client, codes, "watch", room=room)


async def test_seats_are_given_lowest_empty_first_then_bots(server, clients):
    chairs = await sit(clients, server, 1)
    host, room = chairs[0], chairs[0].room
    await host.host("add_bot", seat=1)
    ben, cho, dee, eve = [await clients.open(server) for _ in range(4)]
    assert (await ben.join(room, "Ben", seat=3)).seat == 3
    await refused(cho, "seat_taken", "join", room=room, name="Cho", seat=3)
    await refused(cho, "seat_taken", "join", room=room, name="Cho", seat=0)
    assert (await cho.join(room, "Cho")).seat == 2
    assert (await dee.join(room, "Dee")).seat == 1, "the bot's seat is next"
    await refused(eve, "room_full", "join", room=room, name="Eve")


async def test_a_bots_seat_can_be_asked_for(server, clients):
    chairs = await sit(clients, server, 1, bots=3)
    client = await clients.open(server)
    assert (await client.join(chairs[0].room, "Ben", seat=2)).seat == 2


@pytest.mark.parametrize("seat", [4, -1, 99, "1", 1.5, True, 1e99])
async def test_a_seat_that_does_not_exist_is_refused(server, clients, seat):
    chairs = await sit(clients, server, 1)
    client = await clients.open(server)
    await refused(client, ("bad_request", "seat_taken"), "join", room=chairs[0].room, name="Ben", seat=seat)


async def test_a_game_under_way_is_watched_not_joined(server, clients):
    chairs = await start(clients, server, people=1, options={"bot_delay_ms": [60000, 60000]})
    client = await clients.open(server)
    await refused(client, "wrong_phase", "join", room=chairs[0].room, name="Ben")
    joined = await client.request("watch", room=chairs[0].room)
    assert (joined["seat"], joined["secret"], joined["status"]["state"]) == (None, None, "playing")
    assert joined["resume"] == "new" and joined["view"] and not joined["view"].get("hand")


async def test_a_connection_has_one_seat_or_one_watch_in_a_room(server, clients):
    chairs = await sit(clients, server, 1)
    host = chairs[0].client
    await refused(host, "bad_request", "join", room=chairs[0].room, name="Ben")
    await refused(host, "bad_request", "watch", room=chairs[0].room)
    watcher = await clients.open(server)
    await watcher.watch(chairs[0].room)
    await refused(watcher, "bad_request", "watch", room=chairs[0].room)
    await refused(watcher, "bad_request", "join", room=chairs[0].room, name="Ben")


async def test_a_connection_holds_eight_rooms(server, clients):
    client = await clients.open(server)
    rooms = [await client.create("Ana") for _ in range(8)]
    await refused(client, ("bad_request", "refused", "overloaded"), "create", game="liap-tui", name="Ana")
    await client.leave(rooms[3])
    await client.create("Ana")


async def test_a_request_without_id_is_answered_without_id(server, clients):
    client = await clients.open(server)
    await client.send({"type": "list"})
    assert (await client.expect("rooms")).get("id") is None
