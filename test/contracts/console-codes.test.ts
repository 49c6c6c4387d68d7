// Codes of the console, on every adapter of the port.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { createConsoleCodesMemory } from '../../src/adapters/memory/console-codes.ts'
import { startConsoleCodesRedis } from '../../src/adapters/redis/console-codes.ts'
import type { ConsoleCodes, ConsoleGrant } from '../../src/ports/console-codes.ts'
import { PortError } from '../../src/ports/port-error.ts'
import { ownRedisForTests } from '../services/redis.ts'
import { waitFor } from '../services/server-process.ts'

const redis = await ownRedisForTests()
const server = typeof redis === 'string' ? null : redis.server
after(async () => {
  if (typeof redis !== 'string') await redis.close()
})

const clock = systemClock()
const grant: ConsoleGrant = { userId: '김', scope: 'viewer', endsAt: 1_777_777_777_000 }
const overRedis = () => startConsoleCodesRedis({ url: server?.url ?? '', clock })

function codesContract(name: string, skip: string | false, start: () => ConsoleCodes): void {
  describe(`codes of the console: ${name}`, { skip }, () => {
    it('stand for what they were made for, once', async () => {
      const codes = start()
      await waitFor('the codes to be kept', () => kept(codes, 'a code'))
      const taken = await Promise.all([codes.take('a code'), codes.take('a code')])
      assert.deepEqual(
        taken.filter((one) => one !== null),
        [grant],
      )
      assert.equal(await codes.take('another'), null)
      codes.close()
    })

    it('are over after their time', async () => {
      const codes = start()
      await waitFor('the codes to be kept', () => kept(codes, 'short', 1))
      await waitFor('the code to be over', async () => (await codes.take('short')) === null)
      codes.close()
    })
  })
}

function kept(codes: ConsoleCodes, code: string, ms = 60_000): Promise<boolean> {
  return codes.keep(code, grant, ms).then(
    () => true,
    () => false,
  )
}

const skip = typeof redis === 'string' ? redis : false
codesContract('memory', false, () => createConsoleCodesMemory(clock))
codesContract('Redis', skip, overRedis)

describe('codes of the console in Redis', { skip }, () => {
  it('are taken at another node, and are not readable there', async () => {
    const [one, other] = [overRedis(), overRedis()]
    await waitFor('the codes to be kept', () => kept(one, 'shared'))
    await waitFor('the other node', () => kept(other, 'its own'))
    const keys = String(await server?.command('KEYS', '*'))
    assert.match(keys, /firstcome:console-code:/)
    assert.doesNotMatch(keys, /shared/)
    assert.deepEqual(await other.take('shared'), grant)
    for (const codes of [one, other]) codes.close()
  })

  it('cannot be had while Redis is away or silent, and can again', async () => {
    const codes = overRedis()
    await waitFor('the codes to be kept', () => kept(codes, 'before'))
    const isAway = (error: unknown) =>
      error instanceof PortError && error.code === 'codes_unavailable'
    server?.pause()
    await assert.rejects(codes.take('before'), isAway)
    server?.resume()
    await waitFor('Redis to be back', () => kept(codes, 'after'))
    assert.deepEqual(await codes.take('after'), grant)
    codes.close()
  })
})
