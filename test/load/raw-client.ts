// A load generator that is cheaper than any server here: kept raw connections, requests that were
// built before, no promise and no object for each of them. With a rate it is an open loop, and
// latencies count from the time a request was due, not from when it could leave.
// A request whose connection ended is lost: counted, never sent again.

import { connect, type Socket } from 'node:net'
import { responseParser } from './http-response.ts'
import { type LoadFigures, loadMeter } from './load-meter.ts'

export type LoadOptions = {
  port: number
  host?: string
  connections: number
  /** Requests under way on one connection. */
  pipelining?: number
  /** The whole request `n` (0, 1, …); null ends the load. The buffer must not change. */
  requests: (n: number) => Buffer | null
  /** Ends after so many requests, or after so long; at least one is needed, or `requests`. */
  count?: number
  durationMs?: number
  /** Answers to requests that were due in the first so many milliseconds are not counted. */
  warmUpMs?: number
  /** Requests a second, due one by one; without it, each connection asks as fast as it can. */
  ratePerSecond?: number
  /**
   * With a rate: false waits by timers, where the server needs the processor that spinning would
   * take. Requests may then leave a millisecond or two after their time.
   */
  spins?: boolean
  /** The body is a view that is gone after the call. */
  onAnswer?: (answer: Answer) => void
}
export type Answer = { n: number; status: number; body: Buffer; latencyMs: number }
/** `lost` counts from the first request on, the figures after the warm-up. */
export type LoadResult = LoadFigures & { sent: number; lost: number }

/** Once nothing more is to be sent, the last answers have so long; then they are lost. */
const lastAnswersMsMax = 10_000
/** Due sooner than this, the loop spins: timers are a millisecond late at least. */
const spinMs = 2
const receiveBytes = 256 * 1024

export function runLoad(options: LoadOptions): Promise<LoadResult> {
  return new Load(options).run()
}

/** One kept connection. Requests under way are a ring: HTTP/1.1 answers in their order. */
class Connection {
  readonly socket: Socket
  readonly requests: Float64Array
  readonly dueAt: Float64Array
  first = 0
  underWay = 0
  closed = false
  /** The beginning of a response whose end has not come yet. */
  rest: Buffer | null = null

  constructor(socket: Socket, pipelining: number) {
    this.socket = socket
    this.requests = new Float64Array(pipelining)
    this.dueAt = new Float64Array(pipelining)
  }
}

class Load {
  readonly #options: LoadOptions
  readonly #pipelining: number
  readonly #parser = responseParser()
  readonly #meter = loadMeter()
  readonly #done = Promise.withResolvers<LoadResult>()
  /** Shared by all: each read is dealt with before the next one. */
  readonly #received = Buffer.allocUnsafe(receiveBytes)
  readonly #connections: Connection[] = []
  /** Connections that have room, the one used last on top. */
  readonly #free: Connection[] = []
  #startedAt = 0
  #endAt = Number.POSITIVE_INFINITY
  #next = 0
  #underWay = 0
  #lost = 0
  #sendingEnded = false
  #over = false

  constructor(options: LoadOptions) {
    this.#options = options
    this.#pipelining = options.pipelining ?? 1
  }

  async run(): Promise<LoadResult> {
    const { connections, warmUpMs = 0 } = this.#options
    let warm: NodeJS.Timeout | undefined
    try {
      await Promise.all(Array.from({ length: connections }, () => this.#open()))
      warm = setTimeout(this.#meter.warm, warmUpMs)
      this.#start()
      return await this.#done.promise
    } finally {
      this.#over = true
      clearTimeout(warm)
      for (const { socket } of this.#connections) socket.destroy()
    }
  }

  #start(): void {
    const { durationMs, warmUpMs = 0, ratePerSecond } = this.#options
    const now = performance.now()
    this.#startedAt = now
    this.#meter.start(now + warmUpMs)
    if (durationMs !== undefined) this.#endAt = now + warmUpMs + durationMs
    if (ratePerSecond === undefined) this.#sendAll()
    else this.#sendDue(1000 / ratePerSecond)
  }

  #open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const onread = {
        buffer: this.#received,
        callback: (bytes: number) => {
          this.#receive(connection, bytes)
          return true
        },
      }
      const { port, host = '127.0.0.1' } = this.#options
      const socket = connect({ port, host, noDelay: true, onread })
      const connection = new Connection(socket, this.#pipelining)
      this.#connections.push(connection)
      socket.once('connect', () => resolve())
      socket.on('error', reject)
      socket.on('close', () => this.#closed(connection))
    })
  }

  // ask as fast as answers come

  #sendAll(): void {
    for (const connection of this.#connections) this.#fill(connection)
    this.#endIfOver()
  }

  #fill(connection: Connection): void {
    const { socket } = connection
    const many = this.#pipelining > 1
    if (many) socket.cork()
    while (connection.underWay < this.#pipelining && !connection.closed) {
      const now = performance.now()
      if (!this.#send(connection, now)) break
    }
    if (many) socket.uncork()
  }

  // ask when it is due

  #sendDue(everyMs: number): void {
    for (const connection of this.#connections) this.#free.push(connection)
    const { spins = true } = this.#options
    const tick = () => {
      if (this.#over) return
      let now = performance.now()
      let due = this.#startedAt + this.#next * everyMs
      while (due <= now && !this.#sendingEnded) {
        // In turn: a server ends a connection that has brought no request for a while.
        const connection = this.#free[0]
        if (connection === undefined) {
          this.#meter.busy(now)
          break
        }
        this.#meter.started(due, now)
        if (!this.#send(connection, due)) break
        if (connection.underWay === this.#pipelining) this.#free.shift()
        due = this.#startedAt + this.#next * everyMs
        now = performance.now()
      }
      if (this.#sendingEnded) this.#endIfOver()
      else if (!spins) setTimeout(tick, Math.max(1, due - now))
      else if (due - now > spinMs) setTimeout(tick, due - now - spinMs)
      else setImmediate(tick)
    }
    tick()
  }

  // one request, one answer

  #send(connection: Connection, dueAt: number): boolean {
    if (this.#sendingEnded) return false
    const { requests, count = Number.POSITIVE_INFINITY } = this.#options
    const request = this.#next < count && dueAt < this.#endAt ? requests(this.#next) : null
    if (request === null) {
      this.#sendingEnded = true
      setTimeout(() => this.#end(), lastAnswersMsMax).unref()
      return false
    }
    const slot = (connection.first + connection.underWay) % this.#pipelining
    connection.requests[slot] = this.#next
    connection.dueAt[slot] = dueAt
    connection.underWay += 1
    this.#underWay += 1
    this.#next += 1
    connection.socket.write(request)
    return true
  }

  #receive(connection: Connection, length: number): void {
    let bytes = this.#received
    let end = length
    if (connection.rest !== null) {
      bytes = Buffer.concat([connection.rest, bytes.subarray(0, length)])
      end = bytes.length
      connection.rest = null
    }
    const parser = this.#parser
    let start = 0
    try {
      while (start < end && parser.read(bytes, start, end)) {
        this.#answered(connection, bytes)
        start = parser.parsed.bodyEnd
      }
    } catch (error) {
      this.#done.reject(error)
      return
    }
    if (start < end) connection.rest = Buffer.from(bytes.subarray(start, end))
    if (this.#options.ratePerSecond === undefined) this.#fill(connection)
    if (this.#sendingEnded) this.#endIfOver()
  }

  #answered(connection: Connection, bytes: Buffer): void {
    const { status, bodyStart, bodyEnd } = this.#parser.parsed
    if (connection.underWay === 0) throw new Error('an answer that nobody asked for')
    const slot = connection.first
    connection.first = (slot + 1) % this.#pipelining
    connection.underWay -= 1
    this.#underWay -= 1
    const now = performance.now()
    const dueAt = connection.dueAt[slot] ?? 0
    const rated = this.#options.ratePerSecond !== undefined
    if (rated && connection.underWay === this.#pipelining - 1) this.#free.push(connection)
    this.#meter.answered(status, dueAt, now)
    this.#options.onAnswer?.({
      n: connection.requests[slot] ?? 0,
      status,
      body: bytes.subarray(bodyStart, bodyEnd),
      latencyMs: now - dueAt,
    })
  }

  #closed(connection: Connection): void {
    connection.closed = true
    if (this.#over) return
    this.#lost += connection.underWay
    this.#underWay -= connection.underWay
    connection.underWay = 0
    const free = this.#free.indexOf(connection)
    if (free >= 0) this.#free.splice(free, 1)
    const allClosed = this.#connections.every(({ closed }) => closed)
    if (allClosed) this.#end()
    else this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.#sendingEnded && this.#underWay === 0) this.#end()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    const lost = this.#lost + this.#underWay
    this.#done.resolve({ sent: this.#next, lost, ...this.#meter.figures() })
  }
}
