// A payment provider over HTTP that keeps its promises (docs/payments.md), and breaks everything
// else when it is told to: it can fail, hang, lose its answers, answer twice or be away. It
// counts how money really moved.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What goes wrong with one request. */
export type Mischief =
  /** It never answers, and does nothing. */
  | 'hang'
  /** It does what is asked, and the connection ends before the answer. */
  | 'lose'
  /** The connection ends, and nothing was done. */
  | 'cut'
  /** It does what is asked, and sends its answer twice. */
  | 'twice'
  /** It does what is asked unless it is told not to, and says this instead of its answer. */
  | { status: number; body: string; isDone?: false }

/** What is beyond a bound has come by then. */
const oneTooManyMs = 20

export type Request = {
  path: string
  key: string | undefined
  authorization: string | undefined
  body: { orderId: string; userId: string; amount: number }
}
export type Move = { kind: 'captured' | 'refunded'; orderId: string; amount: number }
export type PaymentProvider = {
  url: string
  funds: Map<string, number>
  /** What each of the next requests meets, in turn; null: nothing. */
  mischief: (Mischief | null)[]
  /** What each request about money of this user meets, as long as it is here. */
  troubles: Map<string, Mischief>
  requests: Request[]
  /** Every time that money moved. */
  moves: Move[]
  /** How many requests it had at once, at most. */
  atOnceMax(): number
  /** Requests are answered once so many are there at once, and a moment later: for one too many. */
  holdUntil(count: number): void
  /** Nobody listens any more. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

type Charge = { userId: string; captured: number; undone: boolean; reason?: string }

export async function startPaymentProvider(): Promise<PaymentProvider> {
  const funds = new Map<string, number>()
  const charges = new Map<string, Charge>()
  const mischief: (Mischief | null)[] = []
  const troubles = new Map<string, Mischief>()
  const requests: Request[] = []
  const moves: Move[] = []
  const sockets = new Set<Socket>()
  let port = 0
  let heldUntil = 0
  let enough = Promise.withResolvers<void>()
  let atOnce = 0
  let atOnceMax = 0

  function capture({ orderId, userId, amount }: Request['body']) {
    const known = charges.get(orderId)
    if (known?.undone === true) return { status: 'refused', reason: 'payment_declined' }
    if (known?.reason !== undefined) return { status: 'refused', reason: known.reason }
    if (known !== undefined) return { status: 'captured' }
    const balance = funds.get(userId) ?? 0
    if (balance < amount) {
      const reason = 'insufficient_funds'
      charges.set(orderId, { userId, captured: 0, undone: false, reason })
      return { status: 'refused', reason }
    }
    funds.set(userId, balance - amount)
    charges.set(orderId, { userId, captured: amount, undone: false })
    moves.push({ kind: 'captured', orderId, amount })
    return { status: 'captured' }
  }

  function undo({ orderId, userId }: Request['body']) {
    const { captured, undone } = charges.get(orderId) ?? { captured: 0, undone: false }
    if (!undone && captured > 0) {
      funds.set(userId, (funds.get(userId) ?? 0) + captured)
      moves.push({ kind: 'refunded', orderId, amount: captured })
    }
    charges.set(orderId, { userId, captured, undone: true })
    return { status: 'undone', refunded: captured }
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of incoming) text += String(chunk)
    const body = JSON.parse(text) as Request['body']
    const { authorization, 'idempotency-key': key } = incoming.headers
    const path = incoming.url ?? ''
    requests.push({ path, key: key === undefined ? key : String(key), authorization, body })
    const fault = troubles.get(body.userId) ?? mischief.shift() ?? null
    if (heldUntil > 0) await enough.promise
    if (fault === 'hang') return
    if (fault === 'cut') return void response.destroy()
    const isAnswer = fault === null || typeof fault === 'string'
    const isDone = isAnswer || fault.isDone !== false
    const done = isDone ? (path.endsWith('/undos') ? undo(body) : capture(body)) : {}
    if (fault === 'lose') return void response.destroy()
    const said = JSON.stringify({ ...done, orderId: body.orderId })
    response.writeHead(isAnswer ? 200 : fault.status, { 'content-type': 'application/json' })
    response.end(isAnswer ? said : fault.body)
    if (fault === 'twice') {
      const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n`
      response.socket?.write(`${head}content-length: ${said.length}\r\n\r\n${said}`)
    }
  }

  async function listen(): Promise<Server> {
    const started = createServer((incoming, response) => {
      atOnce++
      atOnceMax = Math.max(atOnceMax, atOnce)
      if (atOnce === heldUntil) setTimeout(enough.resolve, oneTooManyMs)
      response.on('close', () => atOnce--)
      void answer(incoming, response)
    })
    started.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => started.listen(port, '127.0.0.1', resolve))
    const address = started.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    port = address.port
    return started
  }

  let server: Server | null = await listen()
  async function stop(): Promise<void> {
    const stopping = server
    server = null
    for (const socket of sockets) socket.destroy()
    if (stopping !== null) await new Promise((resolve) => stopping.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    funds,
    mischief,
    troubles,
    requests,
    moves,
    atOnceMax: () => atOnceMax,
    holdUntil(count) {
      heldUntil = count
      enough = Promise.withResolvers()
    },
    stop,
    async start() {
      server ??= await listen()
    },
    close: stop,
  }
}
