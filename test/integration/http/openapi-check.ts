// Checks answers against the OpenAPI document that the same server gives, and keeps account of
// which of the documented ones were met.

import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseInstant } from '../../../src/domain/time.ts'
import type { Answer } from './fixture.ts'

export type OpenApi = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> }
}
type Operation = {
  operationId: string
  summary: string
  security: Record<string, string[]>[]
  requestBody?: { required: boolean }
  responses: Record<string, { description: string; content?: Record<string, object> }>
}
export type OpenApiCheck = {
  /** Asserts that the answer of `line` is a documented one. */
  check(line: string, answer: Answer): void
  /** Documented, and not met so far, as `getCoupon 404`. */
  unmet(): string[]
}

export function createOpenApiCheck(document: OpenApi): OpenApiCheck {
  const ajv = new Ajv2020({
    strict: false,
    formats: {
      'date-time': (text: string) => parseInstant(text) !== null,
      'coupon-name': true,
      'visible-text': true,
    },
  })
  ajv.addSchema(document, 'document')
  const unmet = new Set(
    Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).flatMap(({ operationId, responses }) =>
        Object.keys(responses).map((status) => `${operationId} ${status}`),
      ),
    ),
  )

  return {
    check(line, answer) {
      const [method = '', target = ''] = line.split(' ')
      const path = templateOf(document, target.split('?')[0] ?? '')
      const operation = document.paths[path]?.[method.toLowerCase()]
      assert.ok(operation, `${line} is not documented`)
      const told = `${line} ${answer.status} ${answer.text.slice(0, 300)}`
      const documented = operation.responses[answer.status]
      assert.ok(documented, `status not documented: ${told}`)
      if (answer.status === 304 || answer.status === 204) {
        assert.equal(answer.text, '', told)
        unmet.delete(`${operation.operationId} ${answer.status}`)
        return
      }
      const { content } = documented
      assert.ok(content, `no content documented: ${told}`)
      const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
      assert.ok(type in content, `content type ${type} not documented: ${told}`)
      const parts = [path, method.toLowerCase(), 'responses', answer.status, 'content', type]
      const pointer = parts.map((part) => String(part).replaceAll('/', '~1')).join('/')
      const validate = ajv.compile({ $ref: encodeURI(`document#/paths/${pointer}/schema`) })
      const body: unknown = /[/+]json$/.test(type) ? JSON.parse(answer.text) : answer.text
      assert.ok(validate(body), `${told}: ${ajv.errorsText(validate.errors)}`)
      unmet.delete(`${operation.operationId} ${answer.status}`)
    },
    unmet: () => [...unmet].sort(),
  }
}

function templateOf(document: OpenApi, path: string): string {
  const found = Object.keys(document.paths)
    .filter((template) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .toSorted((a, b) => a.split('{').length - b.split('{').length)[0]
  assert.ok(found, `no documented path fits ${path}`)
  return found
}
