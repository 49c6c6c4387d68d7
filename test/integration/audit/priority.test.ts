// An audit runs beside the service that it audits, often on the same machine.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, getPriority } from 'node:os'
import { test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openDataDirectory } from '../../../src/adapters/data-directory.ts'
import { openLogFile } from '../../../src/adapters/log-file/log-file.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { cliPath } from '../processes/cli-process.ts'
import { newEmptyDirectory, removeDataDirectory } from '../processes/service-process.ts'

test('an audit is of the lowest priority before it asks the service for anything', async () => {
  const data = await newEmptyDirectory()
  openDataDirectory({ path: data, now: Date.now() }).close()
  const topics = { [claimsTopic]: 4 }
  const log = await openLogFile({ directory: data, topics, clock: systemClock() })
  await log.close()
  const priority = Promise.withResolvers<number>()
  const service = createServer((_request, response) => {
    priority.resolve(getPriority(audited.pid))
    response.writeHead(404).end()
  })
  await once(service.listen(0, '127.0.0.1'), 'listening')
  const { port } = service.address() as AddressInfo
  const args = ['audit', '--data', data, '--url', `http://127.0.0.1:${port}`]
  const audited = spawn(process.execPath, [cliPath, ...args], { stdio: 'ignore' })
  try {
    assert.equal(await priority.promise, constants.priority.PRIORITY_LOW)
    await once(audited, 'exit')
  } finally {
    audited.kill('SIGKILL')
    service.close()
    await removeDataDirectory(data)
  }
})
