// Calls of a running service, each answer of which is held against its /openapi.json.

import type { TestContext } from 'node:test'
import { createOpenApiCheck, type OpenApi } from '../http/openapi-check.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  type ServiceProcess,
  startService,
  untilReady,
} from '../processes/service-process.ts'

type Init = { as?: string | null; key?: string; json?: object }
type Body = Record<string, unknown>

/** Each answer is checked by the contract. */
export async function connect(service: ServiceProcess, tokens: Record<string, string>) {
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as OpenApi
  const openApi = createOpenApiCheck(document)
  return async (line: string, { as = 'till', key, json }: Init = {}) => {
    const [method = '', path = ''] = line.split(' ')
    const response = await fetch(service.url + path, {
      method,
      headers: {
        ...(as === null
          ? {}
          : { authorization: `Bearer ${tokens[as] ?? service.token(as, as === 'operator')}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const { status, headers } = response
    const text = await response.text()
    const body = JSON.parse(text) as Body
    openApi.check(line, { status, headers, text, body })
    const problem = typeof body.type === 'string' ? body.type.replace('/problems/', '') : ''
    return { status, body, told: problem === '' ? `${status}` : `${status} ${problem}` }
  }
}
export type Ask = Awaited<ReturnType<typeof connect>>

/** One process, without limits on users, for as long as the test. */
export async function startReady(t: TestContext): Promise<ServiceProcess> {
  const data = await newDataDirectory()
  const service = await startService({ data, env: { FIRSTCOME_USER_RATE_MAX: '0' } })
  t.after(async () => {
    await service.stop()
    await removeDataDirectory(data)
  })
  await untilReady(service)
  return service
}
