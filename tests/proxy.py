"""A small reverse proxy, as a process of its own: one request a connection, with X-Forwarded-For as nginx writes it."""

import asyncio
import sys


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: int) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if line]
    peer = writer.get_extra_info("peername")[0].encode()
    said = [line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"x-forwarded-for:")]
    dropped = (b"x-forwarded-for:", b"connection:")
    lines = [line for line in lines if not line.lower().startswith(dropped)]
    length = next((int(line.partition(b":")[2]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    lines += [b"X-Forwarded-For: " + b", ".join([*said, peer]), b"Connection: close"]
    there, forward = await asyncio.open_connection("127.0.0.1", to)
    forward.write(b"\r\n".join(lines) + b"\r\n\r\n" + await reader.readexactly(length))
    await forward.drain()
    writer.write(await there.read())
    await writer.drain()
    writer.close()
    forward.close()


async def _run(port: int, to: int) -> None:
    server = await asyncio.start_server(lambda reader, writer: _serve(reader, writer, to), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2])))
