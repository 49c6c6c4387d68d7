// A server with the calls that publish a sale, over what the consumer of the proof stores of the
// records that the server's claims have appended.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../../src/adapters/memory/log.ts'
import { createProofMemory } from '../../../src/adapters/memory/proof-store.ts'
import { claimsTopic, encodeMessage } from '../../../src/domain/coupons/messages.ts'
import { rawPublicKey } from '../../../src/domain/proof/signed-note.ts'
import { startProofConsumer } from '../../../src/issuer/proof/proof-consumer.ts'
import type { ProofReader } from '../../../src/ports/proof.ts'
import { keyOf, otherKey, ownKey, prefix, proofSecret } from '../../models/published-sale.ts'
import { startedAt, startTestServer } from './fixture.ts'
import { createOpenApiCheck, type OpenApi } from './openapi-check.ts'

export const publicKey = rawPublicKey(ownKey)

export async function startProofServer(t: TestContext, { limit = 2 } = {}) {
  const { store, reader } = createProofMemory()
  const clock = virtualClock(startedAt)
  const log = openLogMemory({ topics: { [claimsTopic]: 1 }, clock })
  const signer = { prefix, privateKey: ownKey }
  const errors: unknown[] = []
  const consumer = await startProofConsumer({
    log,
    store,
    clock,
    secret: proofSecret,
    signer,
    onError: (error) => errors.push(error),
  })
  let now: ProofReader | null = reader
  // Another one has signed before.
  const keys = async () => [keyOf(ownKey, prefix), keyOf(otherKey, prefix)]
  const proof = { prefix, keys, secret: proofSecret, reader: () => now }
  const server = await startTestServer(t, { proof })
  let appended = 0
  /** What was appended since is in the log, and signed. */
  async function publish(ms = 2_000): Promise<void> {
    for (const message of server.claims.appended.slice(appended)) {
      await log.append(claimsTopic, [{ key: message.couponId, value: encodeMessage(message) }])
    }
    appended = server.claims.appended.length
    await clock.runUntil(clock.now() + ms)
    assert.deepEqual(errors, [])
  }
  t.after(() => consumer.close())
  const json = { couponId: 'sale', name: 'Sale', quantity: limit }
  await server.call('POST /coupons', { as: 'operator', json })
  const claim = (as: string) => server.call('POST /coupons/sale/claims', { as })
  const document = (await server.call('GET /openapi.json')).body as unknown as OpenApi
  const openApi = createOpenApiCheck(document)
  const get = async (path: string, as: string | null = null) => {
    const answer = await server.call(`GET ${path}`, { as })
    openApi.check(`GET ${path}`, answer)
    return answer
  }
  const noReader = () => {
    now = null
  }
  return { ...server, store, publish, claim, get, noReader }
}
