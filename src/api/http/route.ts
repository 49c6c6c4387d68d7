// How a route is declared: as data beside the one function that answers it. Its hooks, its
// validation and its place in the OpenAPI document all come from the declaration.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import { databaseStarting, type Unavailable } from '../claims/claim-answers.ts'
import type { ProblemSlug } from './problems/problem-texts.ts'
import { type ProblemMembers, sendProblem, sendUnavailable } from './problems/problems.ts'
import { closed } from './schemas.ts'
import type { ServerLimits } from './server-limits.ts'
import type { CallHooks } from './server-parts.ts'

export type Route<
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Headers extends TSchema = TSchema,
  Body extends TSchema = TSchema,
> = {
  /** Method and path, as `GET /coupons/:couponId`. */
  call: `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`
  caller: keyof CallHooks
  /** Its own ones, beside those that follow from its caller and its shapes. */
  problems?: readonly ProblemSlug[]
  /** Its heading in the document, where it is not that of its caller. */
  tag?: string
  operationId: string
  summary: string
  description?: string
  params?: Params
  query?: Query
  headers?: Headers
  body?: Body
  /** The shape of each good answer, by its status. */
  answers: Readonly<Record<number, object>>
  /** Of an answer that is not JSON. */
  contentType?: string
  /** It reads SQL: where that takes longer than `storeWaitMsMax` the answer is 503. */
  readsStore?: boolean
  /** Where its largest body is beyond `bodyBytesMax`. */
  bodyBytesMax?: number
  answer(
    request: FastifyRequest<{
      Params: Static<Params>
      Querystring: Static<Query>
      Headers: Static<Headers>
      Body: Static<Body>
    }>,
  ): Answer | Promise<Answer>
}

/**
 * `body` as text is sent as it is. `location`: where to look, or to ask again. `headers`: others,
 * in place of those that every answer has.
 */
export type Answer =
  | {
      status: 200 | 201 | 202 | 204 | 304
      body: unknown
      location?: string
      headers?: Readonly<Record<string, string>>
    }
  | { problem: ProblemSlug; members?: ProblemMembers | undefined; retryAfterSeconds?: number }
  | Unavailable

export type RoutesParts = { hooks: Partial<CallHooks>; limits: ServerLimits }

declare module 'fastify' {
  interface FastifyContextConfig {
    call?: { caller: keyof CallHooks; problems: readonly ProblemSlug[] }
  }
}

/** Lets the types of a request follow from the schemas of its route. */
export function route<
  Params extends TSchema,
  Query extends TSchema,
  Headers extends TSchema,
  Body extends TSchema,
>(declared: Route<Params, Query, Headers, Body>): Route {
  return declared
}

export function addRoutes(
  app: FastifyInstance,
  { hooks, limits }: RoutesParts,
  routes: readonly Route[],
): void {
  for (const declared of routes) {
    const { call, caller, problems = [], readsStore, bodyBytesMax } = declared
    const [method = '', url = ''] = call.split(' ')
    const onRequest = hooks[caller]
    if (onRequest === undefined) throw new Error(`${call}: this server does not know who calls`)
    app.route({
      method,
      url,
      config: { call: { caller, problems } },
      onRequest,
      schema: schemaOf(declared),
      ...(readsStore ? { handlerTimeout: limits.storeWaitMsMax } : {}),
      ...(bodyBytesMax === undefined ? {} : { bodyLimit: bodyBytesMax }),
      handler: (request, reply) => handle(declared, request as FastifyRequest, reply),
    })
  }
}

/** Of a list that comes in pages: the next one starts strictly after the last of a full one. */
export function lastOfFull<Item>(page: readonly Item[], limit: number): Item | undefined {
  return page.length < limit ? undefined : page.at(-1)
}

/** `show`, at once where there is an answer at once. */
export function mapAnswer<From, To>(
  answer: From | Promise<From>,
  show: (answer: From) => To,
): To | Promise<To> {
  return answer instanceof Promise ? answer.then(show) : show(answer)
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}

export function pendingAt(location: string): Answer {
  return { status: 202, body: { outcome: 'pending' }, location }
}

/** What `read` gives, or 503 while there is no reader: SQL starts after claims are answered. */
export async function readStore<Reader>(
  reader: Reader | null,
  read: (reader: Reader) => Promise<Answer>,
): Promise<Answer> {
  return reader === null ? databaseStarting : read(reader)
}

const noQuery = closed({})

const tagOf: Readonly<Record<keyof CallHooks, string>> = {
  service: 'service',
  anyone: 'coupons',
  user: 'claims',
  orderReader: 'orders',
  guarded: 'console',
  operator: 'operators',
  viewer: 'operators',
  till: 'redemptions',
  tillViewer: 'redemptions',
  auditor: 'operators',
}

function schemaOf({ caller, tag = tagOf[caller], ...declared }: Route): object {
  const { operationId, summary, description, contentType } = declared
  const { params, query: querystring, headers, body, answers: response } = declared
  return {
    tags: [tag],
    operationId,
    summary,
    description,
    produces: contentType && [contentType.split(';')[0]],
    // Fastify warns of a shape that is named and not there.
    ...(params && { params }),
    // Probes are asked with whatever others add to their address.
    ...(caller !== 'service' && { querystring: querystring ?? noQuery }),
    ...(headers && { headers }),
    ...(body && { body }),
    response,
  }
}

/** Without a promise where the answer is there at once, for claims are answered from memory. */
function handle(declared: Route, request: FastifyRequest, reply: FastifyReply): void {
  const { contentType = jsonType } = declared
  const send = (answer: Answer) => sendAnswer(reply, answer, contentType)
  const answer = declared.answer(request)
  if (answer instanceof Promise) answer.then(send).catch((error: unknown) => reply.send(error))
  else send(answer)
}

export const jsonType = 'application/json; charset=utf-8'

function sendAnswer(reply: FastifyReply, answer: Answer, contentType: string): void {
  if ('status' in answer) {
    const { status, body, location, headers } = answer
    if (location !== undefined) reply.header('location', location)
    if (headers !== undefined) reply.headers(headers)
    if (status === 304 || status === 204) reply.code(status).send()
    else reply.code(status).type(contentType).send(body)
  } else if ('problem' in answer) {
    const { problem, members, retryAfterSeconds } = answer
    if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
    sendProblem(reply, problem, members)
  } else sendUnavailable(reply, answer)
}
