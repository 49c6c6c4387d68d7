// What is kept of each topic, so that another one under its name is noticed.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import type { Database } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { readTopicLayouts, recordTopicLayouts } from '../../../src/adapters/stores/topic-layout.ts'
import { openPgliteCopy } from '../../contracts/pglite-copies.ts'

let database: Database
before(async () => {
  database = await openPgliteCopy()
  await migrate(database)
})
after(() => database.close())

it('remembers a topic as it was first recorded, and says which ones are new', async () => {
  const claims = {
    topic: 'claims',
    topicId: 'id-1',
    partitions: 12,
    replicas: 3,
    minInSyncReplicas: 2,
  }
  const events = { ...claims, topic: 'events', topicId: 'id-2', replicas: 1, minInSyncReplicas: 1 }
  assert.deepEqual(await recordTopicLayouts(database, [claims]), [claims])
  const again = { ...claims, topicId: 'id-3', partitions: 6 }
  assert.deepEqual(await recordTopicLayouts(database, [again, events]), [events])
  assert.deepEqual(await readTopicLayouts(database), [claims, events])
})
