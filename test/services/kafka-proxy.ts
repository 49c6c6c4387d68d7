// A TCP proxy that understands Kafka's frames just enough to lose an answer, or to hold a request
// and let it go when its client has long given up. The broker must advertise the proxy's port.

import { createServer, connect as dial, type Socket } from 'node:net'

export type KafkaProxy = {
  /** Requests of this kind are kept from the broker from now on. */
  hold(apiKey: number): Hold
  /** The broker gets the next request of this kind, and its client no answer. */
  loseNextAnswer(apiKey: number, how: 'silently' | 'with the connection'): { isLost(): boolean }
  /** Every answer comes so much later from now on. */
  delayAnswers(ms: number): void
  close(): Promise<void>
}
export type Hold = {
  count(): number
  /** Those that come from now on pass. */
  letOthersPass(): void
  /** The broker gets those that were held; resolves when it has answered them. */
  release(): Promise<void>
}

export const produceKey = 0

type Rules = {
  /** Kept while it returns true; called with a function that sends the request on. */
  keep(apiKey: number, send: () => Promise<void>): boolean
  /** Whether the answer to this request is lost, and how. */
  lose(apiKey: number): 'silently' | 'with the connection' | null
  delayMs: number
}

export async function startKafkaProxy(port: number, brokerPort: number): Promise<KafkaProxy> {
  const holds = new Set<{ apiKey: number; kept: (() => Promise<void>)[]; passing: boolean }>()
  const losses: { apiKey: number; how: 'silently' | 'with the connection'; lost: boolean }[] = []
  const sockets = new Set<Socket>()
  const rules: Rules = {
    keep(apiKey, send) {
      for (const hold of holds) {
        if (hold.apiKey !== apiKey || hold.passing) continue
        hold.kept.push(send)
        return true
      }
      return false
    },
    lose(apiKey) {
      const loss = losses.find((candidate) => candidate.apiKey === apiKey && !candidate.lost)
      if (loss === undefined) return null
      loss.lost = true
      return loss.how
    },
    delayMs: 0,
  }
  const server = createServer((client) => {
    const broker = dial({ port: brokerPort, host: '127.0.0.1' })
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    join(client, broker, rules)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    hold(apiKey) {
      const hold = { apiKey, kept: [] as (() => Promise<void>)[], passing: false }
      holds.add(hold)
      return {
        count: () => hold.kept.length,
        letOthersPass() {
          hold.passing = true
        },
        async release() {
          holds.delete(hold)
          for (const send of hold.kept) await send()
        },
      }
    },
    loseNextAnswer(apiKey, how) {
      const loss = { apiKey, how, lost: false }
      losses.push(loss)
      return { isLost: () => loss.lost }
    },
    delayAnswers(ms) {
      rules.delayMs = ms
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Passes frames between the two; the broker's side stays open while a request is held. */
function join(client: Socket, broker: Socket, rules: Rules): void {
  const lost = new Map<number, 'silently' | 'with the connection'>()
  const answered = new Map<number, () => void>()
  let held = 0

  onFrames(client, (frame) => {
    const apiKey = frame.readInt16BE(4)
    const correlationId = frame.readInt32BE(8)
    const send = async (): Promise<void> => {
      const answer = new Promise<void>((resolve) => answered.set(correlationId, resolve))
      broker.write(frame)
      await answer
      if (--held === 0 && client.destroyed) broker.destroy()
    }
    if (rules.keep(apiKey, send)) {
      held++
      return
    }
    const how = rules.lose(apiKey)
    if (how !== null) lost.set(correlationId, how)
    broker.write(frame)
  })
  onFrames(broker, (frame) => {
    const correlationId = frame.readInt32BE(4)
    answered.get(correlationId)?.()
    const how = lost.get(correlationId)
    if (how === 'with the connection') client.destroy()
    if (how !== undefined) return
    const answer = () => void (client.destroyed || client.write(frame))
    if (rules.delayMs > 0) setTimeout(answer, rules.delayMs)
    else answer()
  })
  client.on('close', () => {
    if (held === 0) broker.destroy()
  })
  broker.on('close', () => client.destroy())
}

/** Every frame starts with its length in 4 bytes. */
function onFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0)
      if (rest.length < end) return
      onFrame(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  })
}
