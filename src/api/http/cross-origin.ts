// Pages of other origins that may call from a browser: those that are named, and nobody else.
// Without credentials: a page has its user's token and sends it itself.

import cors, { type FastifyCorsOptions } from '@fastify/cors'
import createFastify, { type FastifyInstance } from 'fastify'

/** A preflight is remembered so long. */
const preflightSeconds = 600

/** Names and values in turn, of an answer to a page of this origin, and to none. */
export type OriginHeaders = (origin: string | undefined) => readonly string[]

/**
 * `origins`: exact ones, as `https://shop.example`. To be called before there are routes. Resolves
 * to what the answers of all calls get.
 */
export async function useCrossOrigin(
  app: FastifyInstance,
  origins: readonly string[],
): Promise<OriginHeaders> {
  if (origins.length === 0) return () => []
  await app.register(cors, optionsFor(origins))
  const asked: (string | undefined)[] = [undefined, ...origins]
  const known = new Map<string | undefined, string[]>()
  // Asked for once, as those of security-headers.ts.
  for (const origin of asked) known.set(origin, await headersFor(origins, origin))
  const none = known.get(undefined) ?? []
  return (origin) => known.get(origin) ?? none
}

async function headersFor(origins: readonly string[], origin: string | undefined) {
  const sample = createFastify()
  await sample.register(cors, optionsFor(origins))
  sample.get('/', (_request, reply) => reply.code(204).send())
  const asked = { url: '/', headers: origin === undefined ? {} : { origin } }
  const { headers } = await sample.inject(asked)
  await sample.close()
  const kept = Object.entries(headers).filter(([name]) => /^(access-control-|vary$)/.test(name))
  return kept.flatMap(([name, value]) => [name, String(value)])
}

function optionsFor(origins: readonly string[]): FastifyCorsOptions {
  return {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'Prefer',
    ],
    exposedHeaders: [
      'Answer-Status',
      'Retry-After',
      'Location',
      'ETag',
      'Server-Time',
      'WWW-Authenticate',
    ],
    maxAge: preflightSeconds,
    strictPreflight: false,
  }
}
