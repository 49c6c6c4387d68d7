// What the topics were when they were created, kept in SQL: the broker alone cannot tell a topic
// that was created again, or that has more partitions now, from the one the rows were derived from.

import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { fieldsOf } from './tables/locked-table.ts'

export type TopicLayout = {
  topic: string
  topicId: string
  partitions: number
  /** As asked for when it was created. */
  replicas: number
  minInSyncReplicas: number
}

/** In the order of their names. */
export async function readTopicLayouts(database: Queryable): Promise<TopicLayout[]> {
  const { rows } = await database.query(loadStatements(['read-topics'])['read-topics'])
  return rows.map((cells) => fieldsOf<TopicLayout>(cells, layoutFields))
}

/** Resolves to those that were not recorded before; what is recorded never changes. */
export async function recordTopicLayouts(
  database: Queryable,
  layouts: readonly TopicLayout[],
): Promise<TopicLayout[]> {
  const statement = loadStatements(['record-topic'])['record-topic']
  const recorded: TopicLayout[] = []
  for (const layout of layouts) {
    const values = layoutFields.map((field) => layout[field])
    if ((await database.query(statement, values)).count === 1) recorded.push(layout)
  }
  return recorded
}

const layoutFields = ['topic', 'topicId', 'partitions', 'replicas', 'minInSyncReplicas'] as const
