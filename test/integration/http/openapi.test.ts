// The OpenAPI document as those read it who make clients from it: a linter that many of them use
// finds nothing, every shape has a name, and where kinds differ by a field its values are told.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { startTestServer } from './fixture.ts'
import type { OpenApi } from './openapi-check.ts'

type Node = { [field: string]: unknown }

function* nodesOf(value: unknown, path = '#'): Generator<[path: string, node: Node]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [path, value as Node]
  for (const [field, inner] of Object.entries(value)) yield* nodesOf(inner, `${path}/${field}`)
}

test('the document has nothing that a linter warns of', async (t) => {
  const { call } = await startTestServer(t)
  const source = (await call('GET /openapi.json')).text
  const config = await createConfig({ extends: ['recommended'] })
  const found = await lintFromString({ source, absoluteRef: 'openapi.json', config })
  assert.deepEqual(
    found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
  )
})

test('every schema is one, which the service itself does not look at', async (t) => {
  const { call } = await startTestServer(t)
  const document = (await call('GET /openapi.json')).body as OpenApi
  const ajv = new Ajv2020({ strict: false })
  const nodes = [...nodesOf(document)]
  const named = nodes.filter(([path]) => /^#\/components\/schemas\/\w+$/.test(path))
  const inPlace = nodes.flatMap(([path, { schema }]): [string, Node][] => {
    return schema === undefined ? [] : [[`${path}/schema`, schema as Node]]
  })
  assert.ok(named.length > 30 && inPlace.length > 100)
  for (const [path, schema] of [...named, ...inPlace]) {
    assert.ok(await ajv.validateSchema(schema), `${path}: ${ajv.errorsText()}`)
  }
  assert.equal(await ajv.validateSchema({ type: 'numeral' }), false)
})

test('every object has a name, and kinds are told apart by the values that are sent', async (t) => {
  const { call } = await startTestServer(t)
  const document = (await call('GET /openapi.json')).body as OpenApi
  const nameless = [...nodesOf(document)]
    .filter(([path]) => !/^#\/components\/schemas\/\w+$/.test(path))
    .filter(([, { type, properties }]) => type !== undefined && typeof properties === 'object')
  assert.deepEqual(
    nameless.map(([path]) => path),
    [],
  )
  const told = [...nodesOf(document)].filter(([, { discriminator }]) => discriminator !== undefined)
  assert.deepEqual(
    told.map(([path, { discriminator }]) => [path, discriminator]),
    [
      [
        '#/components/schemas/Discount',
        {
          propertyName: 'kind',
          mapping: {
            amount: '#/components/schemas/AmountDiscount',
            percent: '#/components/schemas/PercentDiscount',
          },
        },
      ],
    ],
  )
})

test('what has a default is not required, and a body that may be left out is none', async (t) => {
  const { call } = await startTestServer(t)
  const document = (await call('GET /openapi.json')).body
  for (const [path, { name, required, schema }] of nodesOf(document)) {
    if (name === undefined || (schema as Node | undefined)?.default === undefined) continue
    assert.equal(required, false, path)
  }
  assert.equal((await call('GET /coupons')).status, 200)
  const { paths } = document as OpenApi
  const claim = paths['/coupons/{couponId}/claims']?.post?.requestBody
  assert.equal(claim?.required, false)
  assert.ok(!JSON.stringify(claim).includes('null'), 'a body that is null is refused')
})

test('methods that no path has are 405', async (t) => {
  const { call } = await startTestServer(t)
  for (const method of ['QUERY', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'MKCOL', 'PURGE', 'LOCK']) {
    const { status, headers, body } = await call(`${method} /coupons`)
    assert.equal(status, 405, `${method}: ${JSON.stringify(body)}`)
    assert.equal(headers.get('allow'), 'GET, HEAD, POST', method)
  }
})
