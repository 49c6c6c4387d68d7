// One connection to Redis that mends itself: bounded waits between attempts, nothing queued while
// it is away, and a way to drop a connection that has gone silent. It repeats no server's words
// and no address with a password: an error reply can quote what was sent.

import { createClient } from '@redis/client'
import type { Clock } from '../../ports/clock.ts'

export type RedisConnectionOptions = {
  url: string
  clock: Clock
  /** Commands can be sent from now on. */
  onReady(): void
  /** The connection was lost, or an attempt failed. Called for each. */
  onLost(reason: string): void
}
export type RedisConnection = {
  /** `host:port`, for messages. */
  address: string
  isReady(): boolean
  /** Rejects at once where there is no connection; has no deadline of its own. */
  send(args: readonly string[]): Promise<unknown>
  /** Gives this connection up and starts another. */
  renew(): void
  close(): void
}

const reconnectMsMin = 50
/** Soon enough after Redis is back, seldom enough to be nothing while it is away. */
const reconnectMsMax = 2_000
/** A host that does not answer at all is tried anew after this. */
const connectMsMax = 2_000
/** Longer than the wait, the connecting and the greeting of one attempt may take together. */
const attemptMsMax = 5_000
/** Only a batch or two, each a script per coupon, can be on the way; then the gate is away. */
const commandsQueueMax = 10_000

export function connectRedis(options: RedisConnectionOptions): RedisConnection {
  let cancelWatch = () => {}
  let isClosed = false
  let client = start()

  function start(): Client {
    const started = clientFor(options)
    started.on('error', (error: unknown) => {
      watch()
      options.onLost(reasonOf(error))
    })
    started.on('ready', () => {
      cancelWatch()
      options.onReady()
    })
    watch()
    // Each failed attempt is an 'error' event; this one only says that it was closed meanwhile.
    started.connect().catch(() => {})
    return started
  }

  /** The client waits for ever where a server takes the connection and then says nothing. */
  function watch(): void {
    cancelWatch()
    cancelWatch = options.clock.after(attemptMsMax, () => {
      renew()
      options.onLost(late)
    })
  }

  function renew(): void {
    if (isClosed) return
    drop(client)
    client = start()
  }

  return {
    address: addressOf(options.url),
    isReady: () => client.isReady,
    send: (args) => client.sendCommand([...args]),
    renew,
    close() {
      isClosed = true
      cancelWatch()
      drop(client)
    },
  }
}

/** Why something is given up that was not answered. */
export const late = 'no answer in time'

type Client = ReturnType<typeof clientFor>

function drop(client: Client): void {
  client.removeAllListeners()
  // What is rejected by this may still be an 'error' event, which is thrown where nobody listens.
  client.on('error', () => {})
  client.destroy()
}

function clientFor({ url }: RedisConnectionOptions) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: commandsQueueMax,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // Its own time-outs end with the writing of a command; the gate keeps the deadline.
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: connectMsMax,
      reconnectStrategy(attempts) {
        const waitMs = Math.min(reconnectMsMin * 2 ** Math.min(attempts, 10), reconnectMsMax)
        // Spreads the attempts of many nodes.
        return Math.ceil(waitMs * (0.5 + Math.random() / 2))
      },
    },
  })
}

/** What went wrong, in words that cannot hold a secret: the code of an error, or its class. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error'
  if ('code' in error && typeof error.code === 'string') return error.code
  return /^[A-Z][A-Z_]+(?= )/.exec(error.message)?.[0] ?? error.constructor.name
}

function addressOf(url: string): string {
  const { host, pathname } = new URL(url)
  return host === '' ? pathname : host
}
