// Pages of other origins that may call from a browser: those that are named, and nobody else.
// Without credentials: a page has its user's token and sends it itself.

import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

/** A preflight is remembered so long. */
const preflightSeconds = 600

/** `origins`: exact ones, as `https://shop.example`. To be called before there are routes. */
export async function useCrossOrigin(
  app: FastifyInstance,
  origins: readonly string[],
): Promise<void> {
  if (origins.length === 0) return
  await app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
    ],
    exposedHeaders: ['Retry-After', 'Location', 'ETag', 'Server-Time', 'WWW-Authenticate'],
    maxAge: preflightSeconds,
    strictPreflight: false,
  })
}
