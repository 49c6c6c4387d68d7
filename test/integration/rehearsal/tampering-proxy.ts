// Stands between clients and a service, and changes what passes as a test likes: so that a service
// which keeps its promises can be heard to break them.

import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from 'undici'

export type Passing = {
  method: string
  path: string
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** What was asked. */
  sent: string
}
/** What to answer instead; null cuts the connection off, after the service has done its part. */
export type Tamper = (passing: Passing) => Partial<Passing> | null
export type Proxy = { url: string; close(): Promise<void> }

export async function startTamperingProxy(service: string, tamper: Tamper): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => {
    void pass().catch(() => incoming.socket.destroy())
    async function pass(): Promise<void> {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
      const { method = 'GET', url: path = '/' } = incoming
      const { connection: _connection, host: _host, ...headers } = incoming.headers
      const body = chunks.length === 0 ? null : Buffer.concat(chunks)
      const answer = await request(`${service}${path}`, {
        method: method as 'GET' | 'POST',
        headers,
        body,
      })
      const text = await answer.body.text()
      const { statusCode: status, headers: told } = answer
      const sent = body?.toString() ?? ''
      const passing = { method, path, status, headers: told, sent }
      const changed = tamper({ ...passing, body: text })
      if (changed === null) {
        incoming.socket.destroy()
        return
      }
      const shown = { ...passing, body: text, ...changed }
      const kept = ['content-type', 'location', 'retry-after'].flatMap((name) => {
        const value = shown.headers[name]
        return typeof value === 'string' ? [[name, value] as const] : []
      })
      outgoing.writeHead(shown.status, Object.fromEntries(kept)).end(shown.body)
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
