// A service and its witnesses as processes of their own: cosignatures are served with the
// checkpoint, outlive the rows, and one that is away delays nothing.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  formatWitnessKey,
  isCosignedBy,
  parseWitnessKey,
  witnessKey,
} from '../../../src/domain/proof/cosignature.ts'
import { parseNote, rawPublicKey } from '../../../src/domain/proof/signed-note.ts'
import { otherKey } from '../../models/published-sale.ts'
import { waitFor } from '../../services/server-process.ts'
import { Crowd } from '../processes/crowd.ts'
import {
  newDataDirectory,
  newEmptyDirectory,
  type RoleProcess,
  removeDataDirectory,
  type ServiceProcess,
  startRole,
  startService,
} from '../processes/service-process.ts'

describe('a service with witnesses', () => {
  let data: string
  let witnessed: string
  let service: ServiceProcess
  let witness: RoleProcess
  before(async () => {
    data = await newDataDirectory()
    witnessed = await newEmptyDirectory()
    service = await startService({ data })
    const log = (await (await fetch(`${service.url}/proof/key`)).text()).trim()
    const args = ['--name', 'witness.example', '--log', log]
    witness = await startRole({ role: 'witness', env: { FIRSTCOME_DATA: witnessed }, args })
    assert.equal(await service.stop(), 0)
  })
  after(async () => {
    await service.crash()
    await witness.crash()
    for (const path of [data, witnessed]) await removeDataDirectory(path)
  })

  it('serves what they have cosigned, while another one is away', async () => {
    const keyText = (await (await fetch(`${witness.url}/key`)).text()).trim()
    const key = parseWitnessKey(keyText)
    assert.ok(key)
    const away = formatWitnessKey(witnessKey('away.example', rawPublicKey(otherKey)))
    const lines = [`${away} http://127.0.0.1:1`, `${keyText} ${witness.url}/`]
    service = await startService({ data, env: { FIRSTCOME_PROOF_WITNESSES: lines.join('\n') } })
    const crowd = new Crowd(service, 4)
    try {
      await crowd.create({ couponId: 'sale', quantity: 3 })
      let size = 0
      for (const user of ['ann', 'bob']) {
        await crowd.claim('sale', user)
        await waitFor('a cosignature of a larger checkpoint', async () => {
          const { status, text } = await crowd.get('/coupons/sale/proof/checkpoint')
          const note = status === 200 ? parseNote(text) : null
          const now = Number(text.split('\n')[1])
          if (note === null || now <= size || !isCosignedBy(note, key)) return false
          size = now
          return true
        })
      }
      const metrics = (await crowd.get('/metrics')).text
      const asked = 'firstcome_witness_questions_total'
      assert.match(
        metrics,
        new RegExp(`${asked}\\{witness="witness.example",outcome="cosigned"\\} [2-9]`),
      )
      assert.match(metrics, new RegExp(`${asked}\\{witness="away.example",outcome="away"\\} [1-9]`))
      assert.equal(service.output().match(/the witness away.example cannot be asked/g)?.length, 1)
      assert.match(metrics, /^firstcome_proof_checkpoints_total [2-9]/m)
      assert.match(metrics, /^firstcome_proof_leaves_total 3$/m)
      await waitFor('a scrape of all of it', async () => {
        const { text } = await crowd.get('/metrics')
        const lags = [...text.matchAll(/^firstcome_(\w+)_lag_records\{partition="\d+"\} (\d+)$/gm)]
        const read = lags.map(([, who, behind]) => `${who} ${behind}`)
        return ['issuer 0', 'proof 0'].every((one) => read.includes(one))
      })
      const kept = readFileSync(join(data, 'proof-checkpoints.jsonl'), 'utf8')
      assert.match(kept, /— witness\.example /)
    } finally {
      await crowd.close()
    }
    assert.equal(await service.stop(), 0, service.output())
  })
})
