// A load as data, so that it can run in a process and on a core of its own: which requests, in
// whose names, how many and how fast. Builds every request before the first one leaves.

import { readFileSync } from 'node:fs'
import { signToken } from '../../src/client/tokens.ts'
import { type LoadOptions, type LoadResult, runLoad } from './raw-client.ts'

export type LoadJob = Omit<LoadOptions, 'requests' | 'onAnswer'> & {
  method: 'GET' | 'POST'
  /** Request `n` goes to path `n` modulo their number. */
  paths: readonly string[]
  headers?: Readonly<Record<string, string>>
  body?: string
  /**
   * Request `n` comes from user `n` modulo their number: `<prefix>0`, `<prefix>1`, … Their tokens
   * stand in a file, one a line, or are made.
   */
  users?: { secret: string; count: number; prefix: string; tokensFile?: string }
  /** Each user asks once, then the load ends. */
  once?: boolean
  /** So many of the first answers are given back, to see what was measured. */
  samples?: number
}
export type LoadJobResult = LoadResult & {
  samples: { n: number; status: number; body: string }[]
  /** For tokens and requests, before the load. */
  buildSeconds: number
}

/** About 450 bytes each; a job of more would be measured by its memory. */
export const requestsBuiltMax = 1_000_000
const tokenSeconds = 24 * 3600

export async function runLoadJob(job: LoadJob): Promise<LoadJobResult> {
  const startedAt = performance.now()
  const built = buildRequests(job)
  const buildSeconds = (performance.now() - startedAt) / 1000
  const samples: LoadJobResult['samples'] = []
  const wanted = job.samples ?? 0
  const { port, connections, host, pipelining, count, durationMs, warmUpMs, ratePerSecond } = job
  const options: LoadOptions = {
    port,
    connections,
    requests: (n) => built[job.once === true ? n : n % built.length] ?? null,
  }
  const given = { host, pipelining, count, durationMs, warmUpMs, ratePerSecond }
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined) Object.assign(options, { [key]: value })
  }
  if (wanted > 0) {
    options.onAnswer = ({ n, status, body }) => {
      if (samples.length < wanted) samples.push({ n, status, body: body.toString() })
    }
  }
  return { ...(await runLoad(options)), samples, buildSeconds }
}

/** One for each pair of user and path that comes, in the order they are sent. */
export function buildRequests(job: LoadJob): Buffer[] {
  const { paths, users, once = false } = job
  const people = users?.count ?? 1
  const total = once ? people : lowestCommonMultiple(people, paths.length)
  if (total > requestsBuiltMax) throw new Error(`${total} different requests are too many`)
  const given = users?.tokensFile && readFileSync(users.tokensFile, 'latin1').split('\n')
  const tokens = given || Array.from({ length: people }, (_, index) => tokenOf(job, index))
  return Array.from({ length: total }, (_, n) => {
    const path = paths[n % paths.length] ?? '/'
    return requestOf(job, { path, token: tokens[n % people] ?? '' })
  })
}

function tokenOf({ users }: LoadJob, index: number): string {
  if (users === undefined) return ''
  const { secret, prefix } = users
  return signToken({
    secret,
    sub: `${prefix}${index}`,
    operator: false,
    expiresInSeconds: tokenSeconds,
    now: Date.now(),
  })
}

function requestOf(job: LoadJob, { path, token }: { path: string; token: string }): Buffer {
  const { method, headers = {}, body = '', host = '127.0.0.1', port } = job
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${host}:${port}`]
  if (token !== '') lines.push(`authorization: Bearer ${token}`)
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (method === 'POST') lines.push(`content-length: ${Buffer.byteLength(body)}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function lowestCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y > 0) [x, y] = [y, x % y]
  return (a / x) * b
}
