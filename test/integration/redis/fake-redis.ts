// Something that listens where a Redis should, and answers every command in one and the same way:
// with an error reply that a real server gives only now and then, with rubbish, or with nothing.

import { createServer, type Socket } from 'node:net'

export type FakeRedis = {
  url: string
  commands(): number
  connections(): number
  close(): Promise<void>
}

/** `reply`: the bytes that answer each command; null: it hangs up instead. */
export async function startFakeRedis(reply: string | null): Promise<FakeRedis> {
  const sockets = new Set<Socket>()
  let commands = 0
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      // Each command is one array: *n\r\n$…; those of the gate hold no other asterisk.
      const asked = data.toString().split('*').length - 1
      commands += asked
      if (reply === null) socket.destroy()
      else socket.write(reply.repeat(asked))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `redis://127.0.0.1:${address.port}`,
    commands: () => commands,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
