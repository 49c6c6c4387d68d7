// Speaks to a server byte by byte: what no HTTP client would send, or as slowly.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export type RawAnswer = {
  status: number
  headers: Record<string, string>
  body: Record<string, unknown>
}
export type RawClient = {
  socket: Socket
  send(bytes: string | Buffer): void
  /** The next answer that has not been taken; rejects if the connection ends before it. */
  answer(): Promise<RawAnswer>
  /** Resolves when the server has closed the connection, with what was not taken. */
  closed(): Promise<string>
}

const waitMsMax = 10_000

export async function openRaw(t: TestContext, address: string): Promise<RawClient> {
  const { hostname, port } = new URL(address)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  t.after(() => socket.destroy())
  let received = Buffer.alloc(0)
  let ended = false
  let wake = () => {}
  socket.on('data', (data) => {
    received = Buffer.concat([received, data])
    wake()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
    wake()
  })

  async function until<Value>(look: () => Value | null): Promise<Value> {
    const deadline = AbortSignal.timeout(waitMsMax)
    for (;;) {
      const found = look()
      if (found !== null) return found
      if (ended) throw new Error(`the connection was closed after ${received.toString()}`)
      await new Promise<void>((resolve, reject) => {
        wake = resolve
        deadline.addEventListener('abort', () =>
          reject(new Error(`no more came after ${received.toString()}`)),
        )
      })
    }
  }

  await once(socket, 'connect', { signal: AbortSignal.timeout(waitMsMax) })
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    answer: () =>
      until(() => {
        const parsed = parseAnswer(received)
        if (parsed === null) return null
        received = received.subarray(parsed.length)
        return parsed.answer
      }),
    closed: () => until(() => (ended ? received.toString() : null)),
  }
}

/** Sends all of it on a connection of its own and takes one answer. */
export async function exchange(
  t: TestContext,
  address: string,
  bytes: string | Buffer,
): Promise<RawAnswer> {
  const client = await openRaw(t, address)
  client.send(bytes)
  const answer = await client.answer()
  client.socket.destroy()
  return answer
}

function parseAnswer(received: Buffer): { answer: RawAnswer; length: number } | null {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [statusLine = '', ...lines] = received.subarray(0, end).toString().split('\r\n')
  assert.match(statusLine, /^HTTP\/1\.1 \d{3} /)
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const length = end + 4 + Number(headers['content-length'] ?? 0)
  if (received.length < length) return null
  const text = received.subarray(end + 4, length).toString()
  const body = /json/.test(headers['content-type'] ?? '') ? JSON.parse(text) : {}
  return { answer: { status: Number(statusLine.slice(9, 12)), headers, body }, length }
}
