// Reads bodies: JSON in strict UTF-8, whose top is an object, since every call takes one. A body
// of no bytes is no body. Keys that poison prototypes are refused by fastify's own JSON parser.

import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isObject } from '../../domain/field.ts'
import { said } from './problems/languages.ts'
import type { ProblemSlug } from './problems/problem-texts.ts'
import type { FieldError } from './validation.ts'

/** Thrown for a body that cannot be taken; error-replies.ts answers with its problem. */
export class BodyError extends Error {
  readonly slug: ProblemSlug
  readonly errors: readonly FieldError[] | undefined

  constructor(slug: ProblemSlug, errors?: readonly FieldError[]) {
    super(slug)
    this.name = 'BodyError'
    this.slug = slug
    this.errors = errors
  }
}

const jsonType = /^\s*application\/json\s*(;|$)/i
const otherType = 'application/octet-stream'

type Done = (error: Error | null, body?: unknown) => void

export function useJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parseJson = app.getDefaultJsonParser('error', 'error')

  // Whatever type a client names: where no bytes follow, none was meant.
  app.addContentTypeParser<Buffer>(
    '*',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done: Done) => {
      if (body.length === 0) return done(null)
      if (!isJson(request)) return done(new BodyError('unsupported-media-type'))
      if (!isUtf8(body)) return done(new BodyError('malformed-body'))
      void parseJson(request, body.toString(), (error: Error | null, value?: unknown) => {
        if (error !== null) return done(new BodyError('malformed-body'))
        done(isObject(value) ? null : notAnObject(), value)
      })
    },
  )
}

/** Fastify refuses a type that it cannot read before it looks whether there is a body. */
export function makeTypeReadable(headers: IncomingHttpHeaders): void {
  const type = headers['content-type']
  if (type !== undefined && !jsonType.test(type)) headers['content-type'] = otherType
}

/** In plain UTF-8. */
function isJson({ headers }: FastifyRequest): boolean {
  const type = headers['content-type'] ?? ''
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1] ?? 'utf-8'
  const encoding = headers['content-encoding'] ?? 'identity'
  const isPlain = /^utf-?8$/i.test(charset) && encoding.toLowerCase() === 'identity'
  return isPlain && jsonType.test(type)
}

function notAnObject(): BodyError {
  return new BodyError('invalid-request', [
    { path: '', message: said('must be an object', '객체여야 합니다') },
  ])
}
