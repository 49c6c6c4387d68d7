import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type TopicDescription, topicFaults } from './topic-faults.ts'

const expected = { name: 'claims', topicId: 'id-1', partitions: 12, replicas: 3 }
const right: TopicDescription = {
  ...expected,
  hasLeaders: true,
  timestampType: 'LogAppendTime',
  retentionMs: -1,
  retentionBytes: -1,
  cleanupPolicy: 'delete',
  minInSyncReplicas: 2,
  uncleanElection: false,
}

describe('the faults of a topic', () => {
  it('are none where it is as it was created', () => {
    assert.deepEqual(topicFaults([expected], [right]), [])
  })

  it('are none where one replica was asked for, whatever its in-sync replicas', () => {
    const single = { ...right, replicas: 1, minInSyncReplicas: 1 }
    assert.deepEqual(topicFaults([{ ...expected, replicas: 1 }], [single]), [])
  })

  const cases: [keyof TopicDescription, Partial<TopicDescription>, RegExp][] = [
    ['name', { name: 'other' }, /topic claims does not exist.*restore it.*FIRSTCOME_KAFKA_BROKERS/],
    ['topicId', { topicId: 'id-2' }, /deleted and created again \(id id-2, not id-1\).*Restore/],
    ['partitions', { partitions: 24 }, /has 24 partitions, not 12.*Copy the records/],
    ['replicas', { replicas: 1, minInSyncReplicas: 1 }, /1 replica, not 3.*kafka-reassign/],
    ['minInSyncReplicas', { minInSyncReplicas: 1 }, /--add-config min\.insync\.replicas=2$/],
    ['timestampType', { timestampType: 'CreateTime' }, /--add-config .*type=LogAppendTime$/],
    ['retentionMs', { retentionMs: 604_800_000 }, /retention\.ms=604800000.*retention\.ms=-1$/],
    ['retentionBytes', { retentionBytes: 1 }, /retention\.bytes=1:.*retention\.bytes=-1$/],
    [
      'cleanupPolicy',
      { cleanupPolicy: 'compact' },
      /compact.*--add-config cleanup\.policy=delete$/,
    ],
    ['uncleanElection', { uncleanElection: true }, /--add-config unclean.*=false$/],
  ]
  for (const [what, change, message] of cases) {
    it(`name what is wrong with its ${what}, and the remedy`, () => {
      const faults = topicFaults([expected], [{ ...right, ...change }])
      assert.equal(faults.length, 1)
      assert.match(faults[0] ?? '', message)
    })
  }

  it('are told all at once', () => {
    const wrong = { ...right, retentionMs: 1, uncleanElection: true }
    assert.equal(topicFaults([expected, { ...expected, name: 'events' }], [wrong]).length, 3)
  })
})
