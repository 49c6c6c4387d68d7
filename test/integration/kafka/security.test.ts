// A Kafka that asks for certificates and passwords: the log appends, reads and joins with them,
// and says what is wrong without them.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import type {
  KafkaConnection,
  KafkaCredentials,
} from '../../../src/adapters/log-kafka/connection.ts'
import { startKafkaLog } from '../../../src/adapters/log-kafka/log-kafka.ts'
import { describeTopics } from '../../../src/adapters/log-kafka/topics.ts'
import { everyRecord } from '../../contracts/log.ts'
import { throwawayKafka } from '../../services/kafka.ts'
import { makeCertificates } from '../../services/kafka-certificates.ts'
import { waitFor } from '../../services/server-process.ts'
import { newKafkaLog } from './log-parts.ts'

const directory = mkdtempSync(join(tmpdir(), 'firstcome-certificates-'))
const { authority, client, settings } = makeCertificates(directory)
const username = 'firstcome'
const password = 'correct horse battery staple'
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
  '--add-scram',
  `${mechanism}=[name=${username},password=${password}]`,
])
const modules = 'org.apache.kafka.common.security'
const plainLogin = `${modules}.plain.PlainLoginModule required user_${username}="${password}";`
const scramLogin = `${modules}.scram.ScramLoginModule required;`

const kafka = await throwawayKafka({
  protocol: 'SASL_SSL',
  formatting: scram,
  settings: {
    ...settings,
    'listener.name.client.sasl.enabled.mechanisms': mechanisms.join(),
    'listener.name.client.plain.sasl.jaas.config': plainLogin,
    'listener.name.client.scram-sha-256.sasl.jaas.config': scramLogin,
    'listener.name.client.scram-sha-512.sasl.jaas.config': scramLogin,
  },
})
const skip = typeof kafka === 'string' ? kafka : false

after(async () => {
  if (typeof kafka !== 'string') await kafka.stop()
  rmSync(directory, { recursive: true })
})

function connectionWith(sasl: KafkaCredentials): KafkaConnection {
  assert.ok(typeof kafka !== 'string')
  return { brokers: kafka.brokers.split(','), tls: { ca: authority, ...client }, sasl }
}

for (const mechanism of mechanisms) {
  it(`appends, reads and joins over TLS with ${mechanism}`, { skip }, async (t) => {
    const connection = connectionWith({ mechanism, username, password })
    const { log, topic } = await newKafkaLog(t, { connection })
    await log.append(topic, [{ key: 'a', value: Buffer.alloc(100_000, 1) }])
    assert.equal((await everyRecord(log, topic))[0]?.value.length, 100_000)
    let share: readonly number[] = []
    await log.join({
      topic,
      group: topic,
      onAssigned(partitions) {
        share = partitions
      },
      onError: assert.fail,
    })
    await waitFor('the share', () => share.length === 3)
  })

  it(`says that the password is wrong with ${mechanism}, and does not try for long`, {
    skip,
  }, async () => {
    const connection = connectionWith({ mechanism, username, password: 'wrong' })
    const begun = performance.now()
    const denied = {
      code: 'log_unavailable',
      retryable: false,
      message: /authentication failed/i,
    }
    const topics = ['claims']
    await assert.rejects(startKafkaLog({ connection, topics, clock: systemClock() }), denied)
    await assert.rejects(describeTopics(connection, topics), denied)
    assert.ok(performance.now() - begun < 5_000)
  })
}

it('says that the broker’s certificate is not trusted, or that its own is missing', {
  skip,
}, async () => {
  const { brokers, sasl } = connectionWith({ mechanism: 'PLAIN', username, password })
  const limits = { questionMsMax: 500 }
  const start = (tls: KafkaConnection['tls']) =>
    startKafkaLog({
      connection: { brokers, sasl, tls },
      topics: ['t'],
      clock: systemClock(),
      limits,
    })
  await assert.rejects(start({}), { code: 'log_unavailable', message: /certificate/ })
  await assert.rejects(start({ ca: authority }), { code: 'log_unavailable' })
  await assert.rejects(start(undefined), { code: 'log_unavailable' })
})
