// Connections to brokers, one kept for each, and requests over them. Knows whether a request can
// have left: what fails with Unreachable was certainly not sent.

import {
  type API,
  AuthenticationError,
  Connection,
  ConnectionStatuses,
  protocolErrorsCodesById,
  TimeoutError,
} from '@platformatic/kafka'

export type KafkaConnection = {
  /** host:port */
  brokers: readonly string[]
  clientId?: string
  tls?: { ca?: string; cert?: string; key?: string } | undefined
  sasl?: KafkaCredentials | undefined
}
export type KafkaCredentials = {
  mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  username: string
  password: string
}

export type Broker = { host: string; port: number }

/** The connections of one user; two that wait for answers do not share them. */
export type Links = {
  /** Rejects with Unreachable. */
  to(broker: Broker): Promise<Connection>
  /** Cuts every connection; what waits for an answer is rejected. */
  close(): void
}

export class Unreachable extends Error {}

export type LinkLimits = {
  connectMsMax: number
  requestMsMax: number
  /** A broker that was too slow gets twice the time on its next connection, up to this. */
  slowRequestMsMax: number
}

type Link = { opened: Promise<Connection>; connection: Connection | null; requestMs: number }

/** Those that were closed because a request was not answered in time. */
const tooSlow = new WeakSet<Connection>()

export function createLinks(options: KafkaConnection, limits: LinkLimits): Links {
  const links = new Map<string, Link>()
  let closed = false

  function open(broker: Broker, name: string, requestMs: number): Promise<Connection> {
    const { connectMsMax } = limits
    const opened = openConnection(options, { broker, connectMsMax, requestMs })
    const link: Link = { opened, connection: null, requestMs }
    links.set(name, link)
    link.opened.then(
      (connection) => {
        link.connection = connection
        if (closed) connection.socket.destroy()
      },
      () => {
        if (links.get(name) === link) links.delete(name)
      },
    )
    return link.opened
  }

  return {
    async to(broker) {
      if (closed) throw new Unreachable('the log is closed')
      const name = `${broker.host}:${broker.port}`
      const kept = links.get(name)
      if (kept === undefined) return open(broker, name, limits.requestMsMax)
      const { connection, opened, requestMs } = kept
      if (connection === null || isOpen(connection)) return opened
      const { requestMsMax, slowRequestMsMax } = limits
      const patience = tooSlow.has(connection) ? Math.min(2 * requestMs, slowRequestMsMax) : 0
      return open(broker, name, Math.max(requestMsMax, patience))
    },
    close() {
      closed = true
      for (const { connection } of links.values()) connection?.socket.destroy()
    },
  }
}

export function isOpen({ status }: Connection): boolean {
  return status === ConnectionStatuses.CONNECTED || status === ConnectionStatuses.REAUTHENTICATING
}

async function openConnection(
  options: KafkaConnection,
  { broker, connectMsMax, requestMs }: { broker: Broker; connectMsMax: number; requestMs: number },
): Promise<Connection> {
  const { host, port } = broker
  const { clientId = 'firstcome', tls, sasl } = options
  const connection = new Connection(clientId, {
    connectTimeout: connectMsMax,
    requestTimeout: requestMs,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  })
  // An emitted error without a listener would end the process; requests get theirs themselves.
  connection.on('error', () => {})
  try {
    await connection.connect(host, port)
  } catch (error) {
    connection.socket?.destroy()
    throw new Unreachable(`${host}:${port} cannot be reached: ${reasonOf(error)}`, { cause: error })
  }
  return connection
}

/** An answer that reports errors is an answer: the caller looks at its error codes. */
export async function ask<Args extends unknown[], Answer>(
  connection: Connection,
  api: API<Args, Answer>,
  args: Args,
): Promise<Answer> {
  try {
    return await api.async(connection, ...args)
  } catch (error) {
    const answered = error instanceof Error && 'response' in error && error.response !== undefined
    if (answered) return error.response as Answer
    if (error instanceof TimeoutError) tooSlow.add(connection)
    throw error
  }
}

/** Where no port is given it is Kafka's own, 9092. */
export function parseBroker(text: string): Broker {
  const [, host = text, port = '9092'] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? []
  return { host, port: Number(port) }
}

/** As Kafka's documentation spells it, with its number. */
export function errorName(code: number): string {
  const names: Readonly<Record<number, string>> = protocolErrorsCodesById
  return `${names[code] ?? 'error'} (${code})`
}

/** Whether the name or the password is wrong: trying again does not help. */
export function isDenied(error: unknown): boolean {
  if (error instanceof AuthenticationError) return true
  if (error instanceof AggregateError && error.errors.some(isDenied)) return true
  return error instanceof Error && error.cause !== undefined && isDenied(error.cause)
}

/** The innermost reason: what wraps it says only that something failed. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [first] = error instanceof AggregateError ? error.errors : []
  const inner = first ?? error.cause
  return inner instanceof Error ? reasonOf(inner) : error.message
}
