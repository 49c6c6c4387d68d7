import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type TopicDescription, topicFaults } from './topics.ts'

const expected = { name: 'claims', topicId: 'id-1', partitions: 12, replicas: 3 }
const right: TopicDescription = {
  ...expected,
  hasLeaders: true,
  settings: {
    'message.timestamp.type': 'LogAppendTime',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'cleanup.policy': 'delete',
    'min.insync.replicas': '2',
    'unclean.leader.election.enable': 'false',
  },
}

function having(settings: TopicDescription['settings']): Partial<TopicDescription> {
  return { settings: { ...right.settings, ...settings } }
}

describe('the faults of a topic', () => {
  it('are none where it is as it was created', () => {
    assert.deepEqual(topicFaults([expected], [right]), [])
  })

  it('are none where one replica was asked for, whatever its in-sync replicas', () => {
    const single = { ...right, replicas: 1, ...having({ 'min.insync.replicas': '1' }) }
    assert.deepEqual(topicFaults([{ ...expected, replicas: 1 }], [single]), [])
  })

  const cases: [what: string, Partial<TopicDescription>, RegExp][] = [
    ['name', { name: 'other' }, /topic claims does not exist.*restore it.*FIRSTCOME_KAFKA_BROKERS/],
    ['id', { topicId: 'id-2' }, /deleted and created again \(id id-2, not id-1\).*Restore/],
    ['partitions', { partitions: 24 }, /has 24 partitions, not 12.*Copy the records/],
    [
      'replicas',
      { replicas: 1, ...having({ 'min.insync.replicas': '1' }) },
      /1 replica, not 3.*kafka-reassign/,
    ],
    [
      'replicas in sync',
      having({ 'min.insync.replicas': '1' }),
      /--add-config min\.insync\.replicas=2$/,
    ],
    [
      'time',
      having({ 'message.timestamp.type': 'CreateTime' }),
      /--add-config .*type=LogAppendTime$/,
    ],
    [
      'retention by time',
      having({ 'retention.ms': '604800000' }),
      /retention\.ms=604800000.*retention\.ms=-1$/,
    ],
    [
      'retention by size',
      having({ 'retention.bytes': '1' }),
      /retention\.bytes=1:.*retention\.bytes=-1$/,
    ],
    [
      'cleanup policy',
      having({ 'cleanup.policy': 'compact' }),
      /compact.*--add-config cleanup\.policy=delete$/,
    ],
    [
      'elections',
      having({ 'unclean.leader.election.enable': 'true' }),
      /--add-config unclean.*=false$/,
    ],
  ]
  for (const [what, change, message] of cases) {
    it(`name what is wrong with its ${what}, and the remedy`, () => {
      const faults = topicFaults([expected], [{ ...right, ...change }])
      assert.equal(faults.length, 1)
      assert.match(faults[0] ?? '', message)
    })
  }

  it('are listed all at once', () => {
    const wrong = {
      ...right,
      ...having({ 'retention.ms': '1', 'unclean.leader.election.enable': 'true' }),
    }
    assert.equal(topicFaults([expected, { ...expected, name: 'events' }], [wrong]).length, 3)
  })
})
