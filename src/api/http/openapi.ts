// The OpenAPI 3.1 document, from the schemas that validate and serialize. Which problems a call
// may answer follows from who may call it and what it takes, beside the ones it names itself.

import fastifySwagger from '@fastify/swagger'
import type { FastifyContextConfig, FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { Redemption } from '../redemptions/schemas.ts'
import { type Components, nameSchemas } from './openapi-names.ts'
import { type ProblemSlug, problems } from './problems/problem-texts.ts'
import { Coupon, IssuedClaim, Order, Pending, Problem, Product, Wallet } from './schemas.ts'

export async function useOpenApi(app: FastifyInstance): Promise<void> {
  for (const schema of named) app.addSchema(schema)
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'firstcome',
        license: { name: 'MIT', identifier: 'MIT' },
        version: '1',
        description:
          'First come, first served coupons, and orders that spend them. ' +
          'Errors are RFC 9457 problems.',
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { bearer: bearerScheme } },
    },
    refResolver: { buildLocalReference: (schema) => nameOf(schema.$id) },
    transform: ({ schema, url, route }) => ({ schema: documented(schema, route), url }),
    convertConstToEnum: false,
  })
}

const named = [Coupon, IssuedClaim, Order, Pending, Problem, Product, Wallet, Redemption]

/** Only schemas with an `$id` are referred to, and it is their name in the document. */
function nameOf(id: unknown): string {
  return typeof id === 'string' ? id : 'unnamed'
}

/** As text; to be made once, the document of a running server never changes. */
export function openApiDocument(app: { swagger: FastifyInstance['swagger'] }): string {
  const document = structuredClone(app.swagger()) as Document
  for (const operations of Object.values(document.paths ?? {})) {
    for (const { requestBody, parameters = [] } of Object.values(operations)) {
      // Whoever leaves it out is given the default.
      for (const one of parameters) if (one.schema.default !== undefined) one.required = false
      const json = requestBody?.content['application/json']
      // The library calls every body required. A call that takes none has a schema that also
      // fits the null by which fastify checks an absent one; no client may send that.
      if (!requestBody || !json || !Array.isArray(json.schema?.type)) continue
      requestBody.required = false
      json.schema = { ...json.schema, type: 'object' }
    }
  }
  nameSchemas(document)
  return JSON.stringify(document)
}

type Document = { paths?: Record<string, Record<string, Operation>>; components?: Components }
type Operation = {
  parameters?: { required?: boolean; schema: { default?: unknown } }[]
  requestBody?: {
    required: boolean
    content: Record<string, { schema?: { type?: unknown } } | undefined>
  }
}

type Call = NonNullable<FastifyContextConfig['call']>

/** The schema of a route with its security and all the problems it may answer. */
function documented(schema: FastifySchema, { config }: RouteOptions): FastifySchema {
  const call = config?.call
  if (call === undefined) return schema
  const response = { ...(schema.response as object), ...problemResponses(slugsOf(call, schema)) }
  const secured = openToAll.has(call.caller) ? [] : [{ bearer: [] }]
  return { ...schema, response, security: secured }
}

const openToAll: ReadonlySet<Call['caller']> = new Set(['anyone', 'service', 'guarded'])
const users: ReadonlySet<Call['caller']> = new Set(['user', 'orderReader'])

function slugsOf({ caller, problems: own }: Call, schema: FastifySchema): ProblemSlug[] {
  const operators = !openToAll.has(caller) && !users.has(caller)
  return [
    'malformed-request',
    ...(schema.params ? (['malformed-path', 'path-too-long'] as const) : []),
    ...(schema.body ? bodySlugs : []),
    ...(openToAll.has(caller) ? [] : (['unauthorized'] as const)),
    ...(operators ? (['forbidden'] as const) : []),
    ...(caller === 'guarded' ? (['console-header-missing'] as const) : []),
    ...(schema.params || schema.body || schema.querystring ? (['invalid-request'] as const) : []),
    ...(caller === 'service' || caller === 'auditor' ? [] : (['too-many-requests'] as const)),
    'unsupported-expectation',
    'headers-too-large',
    'internal-error',
    'unavailable',
    ...own,
  ]
}

const bodySlugs = [
  'malformed-body',
  'request-timeout',
  'body-too-large',
  'unsupported-media-type',
] as const

function problemResponses(slugs: readonly ProblemSlug[]): Record<number, object> {
  const byStatus = Map.groupBy(slugs, (slug) => problems[slug].status)
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [status, documentedProblems(group)]),
  )
}

function documentedProblems(slugs: readonly ProblemSlug[]): object {
  const lines = slugs.map((slug) => `\`/problems/${slug}\`: ${problems[slug].detail}`)
  const headers = Object.fromEntries(slugs.flatMap((slug) => Object.entries(headersOf[slug] ?? {})))
  return {
    description: lines.join('\n\n'),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
  }
}

const retryAfter = { 'Retry-After': { type: 'integer', description: 'Seconds.' } }
const headersOf: Partial<Record<ProblemSlug, object>> = {
  'not-open': retryAfter,
  'too-many-requests': retryAfter,
  unavailable: retryAfter,
  'not-ready': retryAfter,
  unauthorized: { 'WWW-Authenticate': { type: 'string' } },
  forbidden: { 'WWW-Authenticate': { type: 'string' } },
}

const bearerScheme = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'HS256 by the secret, or RS256, ES256 or EdDSA by a key of the identity provider. `sub` is ' +
    'the user, `exp` is required, `scope` may contain `operator`, `viewer` or `redeem`. On the ' +
    'calls of operators and viewers the cookie of `POST /console/session` stands for it.',
} as const
