// The running service on a bad disk: full, failing to sync, damaged, shortened, or gone.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { highWaterMarkPath, topicPath } from '../../../src/adapters/log-file/topic-readers.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { Crowd, countOutcomes, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  runService,
  startService,
  untilReady,
  within,
} from '../processes/service-process.ts'

const waitMsMax = 60_000
/** Room for the projection, which is made at the first start, and for some claims. */
const tmpfsBytes = 192 * 1024 * 1024

describe('a full disk', () => {
  const mounted = mountTmpfs()
  after(() => unmount(mounted))
  // Where everything must be checked, a missing permission is a failure, not a skip.
  const maySkip = mounted === null && process.env.CI !== 'true'
  const skip = maySkip ? 'needs leave to mount a small tmpfs: run it as root' : false

  it('is answered 503, loses nothing that was told yes, and is recovered from', {
    skip,
  }, async () => {
    assert.ok(mounted)
    const service = await startService({ data: join(mounted, 'data') })
    const crowd = new Crowd(service, 64)
    await crowd.create({ couponId: 'full', quantity: 100_000 })
    await untilReady(service)
    const refused = await untilRefused(crowd, mounted)
    assert.match(refused.text, /"type":"\/problems\/[a-z-]+"/)
    const told = new Map(
      [...crowd.ledger].flatMap(([user, [first]]) =>
        first?.outcome === 'issued' ? [[user, first.slot] as const] : [],
      ),
    )

    await rm(join(mounted, 'filler'))
    const answers = await Promise.all(users('after', 200).map((user) => crowd.claim('full', user)))
    assert.deepEqual(countOutcomes(answers), { issued: 200 })
    await crowd.close()
    await service.crash()

    const again = await startService({ data: service.data })
    const readers = new Crowd(again, 16)
    for (const [user, slot] of told) assert.equal((await readers.mine('full', user)).slot, slot)
    await readers.close()
    assert.equal(await again.stop(), 0, again.output())
  })
})

describe('a disk that fails to sync', () => {
  it('stops the service, which acknowledges nothing it cannot know', async () => {
    const data = await newDataDirectory()
    const doomed = await startService({ data, env: { FIRSTCOME_TEST_FAULTS: 'sync:20' } })
    const crowd = new Crowd(doomed, 16)
    await crowd.create({ couponId: 'fails', quantity: 1000 })
    for (const user of users('user', 200)) {
      const { outcome } = await crowd.claim('fails', user)
      if (outcome !== 'issued') break
    }
    const { code } = await within(doomed.exited, waitMsMax, 'its end')
    assert.equal(code, 1)
    assert.match(doomed.output(), /could not be synced/)

    const service = await startService({ data })
    await crowd.moveTo(service)
    for (const [user, [first]] of crowd.ledger) {
      const now = await crowd.mine('fails', user)
      if (first?.outcome === 'issued') assert.equal(now.slot, first.slot)
      else assert.ok(['issued', 'not-issued'].includes(now.outcome), now.outcome)
    }
    await crowd.close()
    assert.equal(await service.stop(), 0)
    await removeDataDirectory(data)
  })
})

describe('a stored log that is not what it was', () => {
  let data: string
  let log: Buffer
  before(async () => {
    data = await newDataDirectory()
    const service = await startService({ data })
    const crowd = new Crowd(service, 16)
    await crowd.create({ couponId: 'damaged', quantity: 30 })
    await Promise.all(users('user', 30).map((user) => crowd.claim('damaged', user)))
    await sqlIsUp(crowd)
    await rowsAre(crowd, 30)
    await crowd.close()
    assert.equal(await service.stop(), 0)
    log = await readFile(topicPath(data, claimsTopic))
  })
  after(() => removeDataDirectory(data))

  it('is refused for one flipped bit, with the byte and the way out', async () => {
    const flipped = Buffer.from(log)
    const at = Math.floor(log.length / 2)
    flipped[at] = (flipped[at] ?? 0) ^ 4
    await writeFile(topicPath(data, claimsTopic), flipped)
    const { code, output } = await runService({ data })
    assert.equal(code, 1)
    assert.match(output, /is damaged at byte \d+ .*Restore the file from a copy/s)
  })

  it('is refused where acknowledged records are missing at its end', async () => {
    await writeFile(topicPath(data, claimsTopic), log.subarray(0, log.length - 40))
    const { code, output } = await runService({ data })
    assert.equal(code, 1)
    assert.match(output, /is damaged at byte/)
  })

  it('is cut back to what was acknowledged where its tail is torn, and the service runs', async () => {
    await writeFile(topicPath(data, claimsTopic), Buffer.concat([log, log.subarray(16, 90)]))
    const service = await startService({ data })
    const crowd = new Crowd(service, 4)
    assert.equal((await crowd.mine('damaged', 'user-0')).outcome, 'issued')
    await crowd.close()
    assert.equal(await service.stop(), 0)
    assert.equal((await stat(topicPath(data, claimsTopic))).size, log.length)
  })

  it('is refused where rows were issued beyond its end, even without a high-water mark', async () => {
    await rm(topicPath(data, claimsTopic))
    await rm(highWaterMarkPath(data, claimsTopic))
    const { code, output } = await runService({ data })
    assert.equal(code, 1)
    assert.match(
      output,
      /has read partition \d of firstcome.claims up to \d+, but .*records are lost/s,
    )
  })
})

/**
 * Claims may still fit into the last page, which may be one of 2 MiB, and into what the database
 * gives back: many at once, with long names, use up more than that in no time.
 */
async function untilRefused(crowd: Crowd, disk: string) {
  const filler = join(disk, 'filler')
  fill(filler)
  const deadline = performance.now() + waitMsMax
  for (let round = 0; performance.now() < deadline; round++) {
    const names = users(`before-${round}-`.padEnd(110, 'x'), 64)
    await Promise.all(names.map((user) => crowd.claim('full', user)))
    const answer = await crowd.command('/coupons/full/claims', undefined, `last-${round}`)
    if (answer.status === 503) return answer
    fillUp(filler)
  }
  assert.fail(`never full: ${spawnSync('df', ['-k', disk]).stdout.toString()}`)
}

async function sqlIsUp(crowd: Crowd): Promise<void> {
  await until(async () => (await crowd.get('/projection', 'operator')).status === 200, 'SQL')
}

async function rowsAre(crowd: Crowd, count: number): Promise<void> {
  await until(async () => {
    const { text } = await crowd.get('/issued-coupons?limit=10000', 'operator')
    return (JSON.parse(text) as { issued: object[] }).issued.length === count
  }, `${count} rows`)
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + waitMsMax
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `${what}: not within ${waitMsMax} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Everything that is left, and then the last few bytes, too. */
function fill(path: string): void {
  spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=64k'], { stdio: 'ignore' })
  fillUp(path)
}

function fillUp(path: string): void {
  spawnSync('sh', ['-c', `cat /dev/zero >> ${path}`], { stdio: 'ignore' })
}

function mountTmpfs(): string | null {
  const path = spawnSync('mktemp', ['-d', join(tmpdir(), 'firstcome-full-XXXX')]).stdout
  const directory = path.toString().trim()
  const options = ['-t', 'tmpfs', '-o', `size=${tmpfsBytes}`, 'tmpfs', directory]
  return spawnSync('mount', options, { stdio: 'ignore' }).status === 0 ? directory : null
}

async function unmount(directory: string | null): Promise<void> {
  if (directory === null) return
  spawnSync('umount', [directory], { stdio: 'ignore' })
  await rm(directory, { recursive: true, force: true })
}
