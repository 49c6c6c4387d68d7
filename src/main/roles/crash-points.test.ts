import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { createGateMemory } from '../../adapters/memory/gate.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { startClaimService } from '../../api/claims/claim-service.ts'
import { claimsTopic, newestRules } from '../../domain/coupons/messages.ts'
import { crashingClaims, crashingGate, crashingLog } from './crash-points.ts'

test('A claim passes its points in order, with what each of them means; nothing else does.', async () => {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const log = openLogMemory({ topics: { [claimsTopic]: 1 }, clock })
  const stored = () => log.records(claimsTopic).flat().length
  let passed: [point: string, stored: number][] = []
  const crashPoint = (point: string) => void passed.push([point, stored()])
  const started = await startClaimService({
    log: crashingLog(log, crashPoint),
    gate: crashingGate(createGateMemory({ clock }), crashPoint),
    clock,
    newId: () => `id-${clock.now()}`,
    codeSecret: 'a secret that is used in tests only',
    onError: assert.ifError,
  })
  const service = crashingClaims(started, crashPoint)
  async function passedBy(call: () => unknown): Promise<typeof passed> {
    passed = []
    const answer = call()
    await clock.runUntil(clock.now() + 20)
    await answer
    return passed
  }

  const terms = { name: 'sale', quantity: 1 }
  const by = { couponId: 'sale', by: 'operator', commandId: 'create' }
  const created = { type: 'coupon.created', terms, rules: newestRules, ...by } as const
  assert.deepEqual(await passedBy(() => service.command(created)), [])
  assert.deepEqual(await passedBy(() => service.claim('sale', 'kim')), [
    ['K2', 1],
    ['K3', 1],
    ['K4', 1],
    ['K5', 1],
    ['K6', 1],
    ['K8', 2],
  ])
  for (const user of ['kim', 'lee']) {
    assert.deepEqual(await passedBy(() => service.claim('sale', user)), [], 'from memory')
  }
})
