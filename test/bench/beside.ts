// What a claim is measured beside, as a process of its own: `bare` is node:http alone, which
// answers a constant to every POST and asks for no token; `lean` is fastify with the token check of
// the service and a constant answer, and nothing else. Prints its address, and stops on SIGTERM.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import createFastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { TokenVerifier } from '../../src/api/tokens/token-verifier.ts'
import { constantAnswer } from './constant-route.ts'
import { benchSecret } from './service.ts'

const type = 'application/json; charset=utf-8'
const host = '127.0.0.1'

async function listenBare(): Promise<number> {
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(constantAnswer) }
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(201, headers)
    response.end(constantAnswer)
  })
  server.listen({ host, port: 0, backlog: 1024 })
  await new Promise((resolve) => server.once('listening', resolve))
  process.once('SIGTERM', () => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

async function listenLean(): Promise<number> {
  const tokens = new TokenVerifier({
    secret: benchSecret,
    rules: { userClaim: 'sub' },
    clock: systemClock(),
    onNews() {},
  })
  const app = createFastify({ forceCloseConnections: true })
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const verdict = tokens.verify((request.headers.authorization ?? '').slice('Bearer '.length))
    if (typeof verdict === 'string') reply.code(401).send()
    else done()
  }
  app.post('/coupons/:couponId/claims', { onRequest }, (_request, reply) => {
    reply.code(201).type(type).send(constantAnswer)
  })
  await app.listen({ host, port: 0, backlog: 1024 })
  process.once('SIGTERM', () => void app.close())
  return (app.server.address() as AddressInfo).port
}

const port = process.argv[2] === 'bare' ? await listenBare() : await listenLean()
process.stdout.write(`${JSON.stringify({ url: `http://${host}:${port}` })}\n`)
