// The headers of helmet on every answer. Its plugin works them out anew for each request, which
// halves what a server can answer; they never change, so they are asked for once.

import helmet from '@fastify/helmet'
import createFastify, { type FastifyInstance } from 'fastify'

/** Resolves to them, names and values in turn. */
export async function useSecurityHeaders(app: FastifyInstance): Promise<string[]> {
  const headers = Object.entries(await helmetHeaders())
  app.addHook('onRequest', (_request, reply, done) => {
    for (const [name, value] of headers) reply.header(name, value)
    done()
  })
  return headers.flat()
}

async function helmetHeaders(): Promise<Record<string, string>> {
  const sample = createFastify()
  await sample.register(helmet, helmetOptions)
  sample.get('/', (_request, reply) => reply.code(204).send())
  const { headers } = await sample.inject('/')
  await sample.close()
  const kept = Object.entries(headers).filter(([name]) => !transportHeaders.has(name))
  return { ...Object.fromEntries(kept.map(([name, value]) => [name, String(value)])), ...ours }
}

/** What matters for an API that only ever answers JSON. */
const helmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  // Plain HTTP: who ends TLS in front knows whether all of its name speaks it.
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xFrameOptions: { action: 'deny' },
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const

/** Every answer is of the moment, and many are personal. */
const ours = { 'cache-control': 'no-store' }
const transportHeaders = new Set(['date', 'connection', 'keep-alive', 'content-length'])
