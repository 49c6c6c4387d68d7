// A data directory whose parts are of two states, or of two services: no claim is answered by it,
// however often it is started.

import assert from 'node:assert/strict'
import { cp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readSecrets } from '../../../src/adapters/data-directory.ts'
import { topicPath } from '../../../src/adapters/log-file/topic-readers.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { waitFor } from '../../services/server-process.ts'
import { Crowd, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  newEmptyDirectory,
  removeDataDirectory,
  runRole,
  runService,
  startService,
} from '../processes/service-process.ts'

const logParts = ['log', 'acknowledged']

describe('a data directory that is mixed', { timeout: 300_000 }, () => {
  let root: string
  const at = (name: string) => join(root, name)
  before(async () => {
    root = await newEmptyDirectory()
    await newDataDirectory(at('data'))
    await newDataDirectory(at('stranger'))
    await sell('data', 10)
    await cp(at('data'), at('earlier'), { recursive: true })
    await sell('data', 30)
    await order('data')
    await cp(at('data'), at('later'), { recursive: true })
    await order('data')
    await sell('stranger', 60)
  })
  after(() => removeDataDirectory(root))

  /** Until `count` people in all have a coupon, and rows. */
  async function sell(name: string, count: number): Promise<void> {
    const service = await startService({ data: at(name) })
    const crowd = new Crowd(service, 16)
    await crowd.create({ couponId: 'sale', quantity: 1_000 })
    // Longer in every partition, whichever of them a rehearsal has used in the other.
    for (let n = 0; name === 'stranger' && n < 400; n++) {
      await crowd.create({ couponId: `other-${n}`, quantity: 1 })
    }
    await Promise.all(users('user', count).map((user) => crowd.claim('sale', user)))
    await waitFor(`${count} rows`, async () => {
      const { status, text } = await crowd.get('/issued-coupons?limit=1000', 'operator')
      return status === 200 && (JSON.parse(text) as { issued: object[] }).issued.length === count
    })
    await crowd.close()
    assert.equal(await service.stop(), 0, service.output())
  }

  async function order(name: string): Promise<void> {
    const service = await startService({ data: at(name) })
    const size = ['--users', '12', '--quantity', '4', '--stock', '3']
    const env = envOf(at(name))
    const { code, out, err } = await runRole({ role: 'rehearse', env }, ['orders', ...size])
    assert.equal(code, 0, out + err)
    assert.equal(await service.stop(), 0, service.output())
  }

  /** The directory `base`, with parts of another. */
  async function mix(parts: readonly string[], from: string, base = 'data'): Promise<string> {
    await rm(at('mixed'), { recursive: true, force: true })
    await cp(at(base), at('mixed'), { recursive: true })
    for (const part of parts) {
      await rm(join(at('mixed'), part), { recursive: true, force: true })
      await cp(join(at(from), part), join(at('mixed'), part), { recursive: true })
    }
    return at('mixed')
  }

  const ended = /has read partition \d of firstcome\.claims up to \d+, but .*records are lost/
  const other = /record \d+ of partition \d of firstcome\.claims is not the one/
  const marks = join('projection', 'read-marks')
  const cases: [string, string[], string, RegExp][] = [
    ['an older log under its rows', logParts, 'earlier', ended],
    ['the longer log of another service', logParts, 'stranger', other],
    ['the rows of another service', ['projection'], 'stranger', ended],
    ['an older log, and no marks among the rows', [...logParts, marks], 'earlier', ended],
    ['another longer log, and no marks', [...logParts, marks], 'stranger', other],
  ]
  for (const [what, parts, from, said] of cases) {
    it(`${what}: is refused, again and again, and nothing is written`, async () => {
      const data = await mix(parts, from)
      if (parts.includes(marks)) await rm(join(data, marks), { recursive: true })
      const size = async () => (await stat(topicPath(data, claimsTopic))).size
      const sizeBefore = await size()
      for (let start = 1; start <= 2; start++) {
        const { code, out, output } = await runService({ data })
        assert.equal(code, 1, output)
        assert.equal(out, '', 'it never listened')
        assert.match(output, said)
        assert.match(output, /Restore the log .*firstcome rebuild/)
      }
      assert.equal(await size(), sizeBefore)
    })
  }

  it('of older rows of coupons alone is none: they are brought up to the log', async () => {
    const data = await mix(['projection'], 'earlier', 'later')
    const service = await startService({ data })
    assert.equal(await service.stop(), 0, service.output())
  })

  it('of older rows of orders is refused by who would decide again, until they are rebuilt', async () => {
    const data = await mix(['projection'], 'later')
    const { code, output } = await runService({ data })
    assert.equal(code, 1, output)
    assert.match(
      output,
      /the rows of orders are older than the log:\n {2}\S+-step has answered order/,
    )
    const env = envOf(data)
    const rebuilt = await runRole({ role: 'rebuild', env })
    assert.equal(rebuilt.code, 0, rebuilt.err)
    const audited = await runRole({ role: 'audit', env })
    assert.equal(audited.code, 0, audited.out + audited.err)
  })
})

/** Of a command on a directory that has its own secrets. */
function envOf(data: string): Record<string, string> {
  const { jwtSecret = '', codeSecret = '' } = readSecrets(data)
  return {
    FIRSTCOME_DATA: data,
    FIRSTCOME_JWT_SECRET: jwtSecret,
    FIRSTCOME_CODE_SECRET: codeSecret,
  }
}
