// npm run bench: what firstcome does on this machine. `embedded` measures the service in one
// process, `distributed` the one on Kafka, Redis and PostgreSQL beside the usual builds,
// `orders` measures orders in both, and `proof` what checking a sale costs.

import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { benchDistributed } from './distributed/distributed.ts'
import { benchEmbedded } from './embedded.ts'
import { benchOrders } from './orders/orders.ts'
import { benchProof } from './proof.ts'

const help = `Usage: npm run bench -- [embedded | distributed | orders | proof] [options]

embedded (the default) measures the embedded service, in a directory of its own, in about five
minutes. distributed starts a throwaway Kafka, Redis and PostgreSQL, and measures firstcome and
three usual builds of the same job on them, in about six minutes. orders measures orders in both
profiles, beside the bare SQL transactions that they need, in about eight minutes. proof checks a
sale of a million entries by the command, the program and the page in Chromium, in two minutes.

  --quick            a tenth of the time: to see that it works, not to quote
  --json             print JSON and nothing else
  --directory <dir>  embedded: on the disk to be measured (default: the temporary directory)
  --only <names>     distributed: only these of b1,b2,b3,b5,gate,sustained
                     orders: only distributed or embedded, only speed or costs
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const [profile = 'embedded', ...more] = positionals
if (values.help) process.stdout.write(help)
else if (more.length === 0 && profile === 'embedded') await benchEmbedded(values)
else if (more.length === 0 && profile === 'distributed') await benchDistributed(values)
else if (more.length === 0 && profile === 'orders') await benchOrders(values)
else if (more.length === 0 && profile === 'proof') await benchProof(values)
else {
  process.stderr.write(help)
  process.exitCode = 2
}
