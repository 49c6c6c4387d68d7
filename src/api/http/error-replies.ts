// Turns every error into a problem, what goes wrong below fastify included, where only a socket is
// left to answer on: bytes that are not HTTP, headers too large, requests that never end, methods
// and expectations that Node handles. What a client sent is never answered with a 5xx; what is not
// expected is logged, and the client learns nothing of it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { PortError } from '../../ports/port-error.ts'
import { databaseUnavailable } from '../claims/claim-answers.ts'
import { BodyError } from './json-body.ts'
import { type ProblemSlug, problems } from './problems/problem-texts.ts'
import {
  type ProblemMembers,
  problemBody,
  problemType,
  sendProblem,
  sendUnavailable,
} from './problems/problems.ts'
import type { Answer } from './route.ts'
import { fieldErrors } from './validation.ts'

/** `answered`: of what fastify never sees. */
export function useErrorReplies(
  app: FastifyInstance,
  logger: Logger | undefined,
  answered: (status: number) => void,
): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    replyWithError({ error, request, reply, logger })
  })
  app.server.on('checkExpectation', (_request, response: ServerResponse) => {
    const slug = 'unsupported-expectation'
    response.statusCode = problems[slug].status
    response.setHeader('content-type', problemType)
    response.setHeader('connection', 'close')
    response.end(problemBody(slug))
    answered(response.statusCode)
  })
  app.server.on('connect', (_request, socket: Duplex) => {
    answered(endWith(socket, 'method-not-allowed'))
  })
}

type Failed = {
  error: unknown
  request: FastifyRequest
  reply: FastifyReply
  logger: Logger | undefined
}

/** Also for fastify's `frameworkErrors`: what it finds wrong before there is a route. */
export function replyWithError({ error, request, reply, logger }: Failed): void {
  const answer = answerOfError(error, request, logger)
  if ('problem' in answer) sendProblem(reply, answer.problem, answer.members)
  else sendUnavailable(reply, answer)
}

export function answerOfError(
  error: unknown,
  { method, url }: Pick<IncomingMessage, 'method' | 'url'>,
  logger: Logger | undefined,
): Exclude<Answer, { body: unknown }> {
  if (isStoreAway(error)) {
    logger?.warn({ err: error }, 'the database did not answer')
    return databaseUnavailable
  }
  const known = knownProblem(error)
  if (known !== null) return { problem: known.slug, members: known.members }
  logger?.error({ err: error, method, path: url }, 'a request failed')
  return { problem: 'internal-error' }
}

type Known = { slug: ProblemSlug; members?: ProblemMembers }

function knownProblem(error: unknown): Known | null {
  if (error instanceof BodyError) {
    return error.errors ? { slug: error.slug, members: { errors: error.errors } } : error
  }
  if (!(error instanceof Error)) return null
  const { code, statusCode, validation } = error as FastifyError
  if (validation !== undefined) {
    const errors = fieldErrors(validation as Parameters<typeof fieldErrors>[0])
    return { slug: 'invalid-request', members: { errors } }
  }
  const slug = frameworkProblems[code]
  if (slug !== undefined) return { slug }
  // Fastify gives a status to what it blames the client for, as a body that broke off.
  const blamed = statusCode !== undefined && statusCode >= 400 && statusCode < 500
  return blamed ? { slug: 'malformed-request' } : null
}

function isStoreAway(error: unknown): boolean {
  if (error instanceof PortError) return error.code === 'store_unavailable'
  return error instanceof Error && (error as FastifyError).code === 'FST_ERR_HANDLER_TIMEOUT'
}

const frameworkProblems: Record<string, ProblemSlug> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-request',
  FST_ERR_BAD_URL: 'malformed-path',
  FST_ERR_MAX_PARAM_LENGTH: 'path-too-long',
}

/** For `clientErrorHandler`. Returns the status of its answer; null: there was nobody to answer. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): number | null {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy(error)
    return null
  }
  return endWith(socket, clientProblems[error.code ?? ''] ?? 'malformed-request')
}

const clientProblems: Record<string, ProblemSlug> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
}

/**
 * A whole request came before the bad bytes: its answer is still to come or half written, and
 * what is written now would pass for it. A claim must not seem refused because of what followed.
 */
function isAnswering(socket: Duplex & { _httpMessage?: ServerResponse | null }): boolean {
  const response = socket._httpMessage ?? null
  if (response === null) return false
  const request: IncomingMessage = response.req
  return request.complete || response.headersSent
}

/** Returns the status that it says. */
function endWith(socket: Duplex, slug: ProblemSlug): number {
  const { status } = problems[slug]
  const body = problemBody(slug)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...(slug === 'method-not-allowed' ? ['allow: GET, HEAD, POST'] : []),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
  return status
}

/**
 * 404, and 405 with the methods of a path. Before the routes: it learns them as they come. Returns
 * the answer, so that it can be given before anybody looks at a body.
 */
export function useUnknownPaths(
  app: FastifyInstance,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const known = new Map<string, { shape: RegExp; methods: Set<string> }>()

  app.addHook('onRoute', ({ url, method }) => {
    // Preflights, of whatever there is.
    if (url === '*') return
    const path = known.get(url) ?? { shape: shapeOf(url), methods: new Set() }
    for (const each of [method].flat()) path.methods.add(each)
    known.set(url, path)
  })
  function answerUnknown(request: FastifyRequest, reply: FastifyReply): void {
    const path = request.url.split('?', 1)[0] ?? ''
    const methods = [...known.values()].flatMap(({ shape, methods: allowed }) =>
      shape.test(path) ? [...allowed] : [],
    )
    if (methods.length === 0) return sendProblem(reply, 'unknown-path')
    reply.header('allow', [...new Set(methods)].join(', '))
    return sendProblem(reply, 'method-not-allowed')
  }
  app.setNotFoundHandler(answerUnknown)
  return answerUnknown
}

function shapeOf(url: string): RegExp {
  const pattern = url.replaceAll('.', '\\.').replaceAll(/:[A-Za-z]+/g, '[^/]+')
  return new RegExp(`^${pattern}$`)
}
