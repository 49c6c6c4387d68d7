// Runs the database contracts on every adapter.

import { after } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { openDatabasePglite } from '../../src/adapters/database/pglite.ts'
import { connectDatabase, serveDatabase } from '../../src/adapters/database/thread.ts'
import { databaseContract, queryableContract } from './database.ts'
import { createPgliteCopies } from './pglite-copies.ts'

const copies = await createPgliteCopies()
after(copies.remove)

const open = async () => openDatabasePglite({ directory: await copies.copy() })

databaseContract('PGlite', open)

queryableContract('PGlite', async () => {
  const database = await open()
  return { database, owner: database, close: database.close }
})

queryableContract('PGlite, seen from another thread', async () => {
  const owner = await open()
  const { port1, port2 } = new MessageChannel()
  serveDatabase(owner, port1)
  const database = connectDatabase(port2)
  return {
    database,
    owner,
    async close() {
      await database.close()
      await owner.close()
    },
  }
})
