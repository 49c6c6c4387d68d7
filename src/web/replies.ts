// Sends what pages are made of: in the encoding that the client takes, 304 where it has it already.

import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Asset, Encoding } from './assets.ts'

export async function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  asset: Asset,
): Promise<FastifyReply> {
  const encoding = encodingOf(request)
  const etag = `"${asset.etag}-${encoding}"`
  reply.headers({ etag, 'cache-control': asset.cacheControl })
  if (asset.policy !== undefined) reply.header('content-security-policy', asset.policy)
  varyBy(reply, 'Accept-Encoding')
  if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  sendEncoded(reply, encoding, { type: asset.type, body: await asset.body(encoding) })
  return reply
}

export type Page = { html: string; status?: 200 | 404; headers: Readonly<Record<string, string>> }

/** A page depends on who asks, by language at least: it is compressed each time. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): void {
  const encoding = encodingOf(request)
  reply.removeHeader('x-frame-options')
  reply.headers(page.headers)
  varyBy(reply, 'Accept-Language, Accept-Encoding')
  reply.code(page.status ?? 200)
  const body = quickly[encoding](Buffer.from(page.html))
  sendEncoded(reply, encoding, { type: 'text/html; charset=utf-8', body })
}

/** A page has a few kilobytes: these take less than a tenth of a millisecond. */
const quickly: Readonly<Record<Encoding, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: (body) => gzipSync(body, { level: 4 }),
  br: (body) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
}

/** Beside what it depends on already, as Origin. */
function varyBy(reply: FastifyReply, names: string): void {
  const before = reply.getHeader('vary')
  reply.header('vary', before === undefined ? names : `${String(before)}, ${names}`)
}

function sendEncoded(
  reply: FastifyReply,
  encoding: Encoding,
  { type, body }: { type: string; body: Buffer },
): void {
  if (encoding !== 'identity') reply.header('content-encoding', encoding)
  reply.type(type).send(body)
}

/** What is refused by `q=0` is not taken; of the rest the smallest. */
function encodingOf({ headers }: FastifyRequest): Encoding {
  const accepted = (headers['accept-encoding'] ?? '').toLowerCase().split(',')
  const takes = (name: Encoding) =>
    accepted.some((one) => new RegExp(`^\\s*${name}\\s*(;\\s*q=(?!0(\\.0*)?\\s*$).*)?$`).test(one))
  if (takes('br')) return 'br'
  return takes('gzip') ? 'gzip' : 'identity'
}
