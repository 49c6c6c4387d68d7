// More clients that stay connected than the process may open files, from the first moment on, while
// SQL is still being started.

import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  runService,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'

const clientsMax = 400
const data = await newDataDirectory()
after(() => removeDataDirectory(data))

describe('more connections than descriptors', { timeout: 180_000 }, () => {
  it('are refused, told and counted; the others are served, and so is SQL', async (t) => {
    const service = await startService({ data, filesMax: 256 })
    t.after(() => service.crash())
    const { port } = new URL(service.url)
    const sockets = Array.from({ length: clientsMax }, () => connect(Number(port), '127.0.0.1'))
    t.after(() => sockets.forEach((socket) => socket.destroy()))
    await Promise.all(sockets.map(opened))
    const isOpen = (socket: Socket) => !socket.closed
    await waitFor('refusals', () => /connections are refused/.test(service.output()))
    await waitFor('the others to be closed', () => sockets.filter(isOpen).length <= 38)
    for (const socket of sockets.filter(isOpen).slice(10)) socket.destroy()
    await waitFor('SQL beside them', async () => (await holds(service)).status === 200)
    const metrics = await (await fetch(`${service.url}/metrics`)).text()
    assert.match(metrics, /^firstcome_connections_max 38$/m)
    const [, refused] = /^firstcome_connections_refused_total (\d+)$/m.exec(metrics) ?? []
    assert.ok(Number(refused) >= clientsMax - 38, `${refused} were refused`)
    assert.equal(await service.stop(), 0, service.output())
    for (const name of ['.', ...(await readdir(data))]) {
      assert.equal((await stat(join(data, name))).mode & 0o077, 0, `${name} is for others, too`)
    }
  })

  it('are no matter where there are too few for anybody: it does not start, and says why', async () => {
    const { code, err } = await runService({ data, filesMax: 128 })
    assert.equal(code, 1)
    assert.match(err, /may open 128 files and sockets, .*ulimit -n/)
  })
})

/** Or refused. */
async function opened(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve()).on('connect', () => resolve())
  })
}

function holds({ url, token }: ServiceProcess): Promise<Response> {
  const headers = { authorization: `Bearer ${token('kim')}` }
  return fetch(`${url}/me/coupons`, { headers })
}
