// Real HTTP to one node that may be killed and come back at another address.

import { type Dispatcher, Pool } from 'undici'
import type { RoleProcess } from './service-process.ts'

export type Node = Pick<RoleProcess, 'url' | 'token'>
/** `as`: whose token it carries, an operator's where it begins so; null: none. */
export type Call = { as?: string | null; key?: string; json?: object | undefined }

/** An answer that takes longer is unknown; the service itself answers 'pending' long before. */
const answerWaitMsMax = 20_000

export class NodeConnection {
  private node: Node
  private pool: Pool
  private readonly connections: number
  private readonly tokens = new Map<string, string>()

  constructor(node: Node, connections = 256) {
    this.node = node
    this.connections = connections
    this.pool = this.open(node.url)
  }

  /** `line`: method and path. Rejects where there is no answer. */
  async call(
    line: string,
    { as = 'operator', key, json }: Call = {},
  ): Promise<{ status: number; text: string }> {
    const [method, path = '/'] = line.split(' ')
    const headers: Record<string, string> = {}
    if (as !== null) headers.authorization = `Bearer ${this.token(as)}`
    if (key !== undefined) headers['idempotency-key'] = key
    if (json !== undefined) headers['content-type'] = 'application/json'
    const body = json === undefined ? null : JSON.stringify(json)
    const request = { method: method as Dispatcher.HttpMethod, path, headers, body }
    const answer = await this.pool.request(request)
    return { status: answer.statusCode, text: await answer.body.text() }
  }

  /** After a restart on another port; the secret of its tokens is the same. */
  async moveTo(node: Node): Promise<void> {
    const before = this.pool
    this.node = node
    this.pool = this.open(node.url)
    await before.destroy()
  }

  async close(): Promise<void> {
    await this.pool.destroy()
  }

  private open(url: string): Pool {
    const { connections } = this
    return new Pool(url, {
      connections,
      headersTimeout: answerWaitMsMax,
      bodyTimeout: answerWaitMsMax,
    })
  }

  private token(as: string): string {
    const token = this.tokens.get(as) ?? this.node.token(as, as.startsWith('operator'))
    this.tokens.set(as, token)
    return token
  }
}
