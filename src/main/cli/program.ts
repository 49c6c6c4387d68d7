// The commands, their options and their help: what a person can type, and nothing of what it does.
// Each command's code is loaded only when it runs, so that a small command starts fast.

import { Command, Option } from 'commander'
import type { Wire } from '../context.ts'
import { addCouponCommands } from './coupon-commands.ts'
import { addDeadLetterCommands } from './dead-letter-commands.ts'
import { parseDuration } from './option-values.ts'
import { addProofCommands } from './proof-commands.ts'
import { addRoleCommands } from './role-commands.ts'
import { addCommand, settingOption } from './shared-options.ts'

export type ProgramParts = {
  version: string
  wire: Wire
  /** Milliseconds UTC; relative times on the command line count from it. */
  now: () => number
}

export function buildProgram({ version, wire, now }: ProgramParts): Command {
  const program = new Command('firstcome')
    .description('First-come-first-served coupons, decided by a log and proved fair.')
    .version(version)
    .addOption(settingOption('data'))
    .option('--verbose', 'show where an unexpected error comes from')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'firstcome: ')),
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .showHelpAfterError('Add --help to see what it takes.')
    .addHelpText('after', programHelp)
  addRoleCommands(program, wire)
  wire(addToken(program), async () => (await import('../commands/token.ts')).runToken)
  addCouponCommands(program, { wire, now })
  addDeadLetterCommands(program, wire)
  addProofCommands(program, wire)
  return program
}

const programHelp = `
Examples:
  $ npx firstcome start                                  run the service
  $ npx firstcome token --user kim                       a token to claim with
  $ npx firstcome coupon create --name "First sale" --quantity 100
  $ npx firstcome rehearse                               storm a coupon and see it hold
  $ npx firstcome audit                                  prove that it was fair
  $ npx firstcome migrate && npx firstcome api           one node of several, on Kafka

Exit codes:
  0  done
  1  a promise or a check failed, or the service refused
  2  wrong usage or settings
  3  the service cannot be reached, or cannot answer now

Settings come from the environment (FIRSTCOME_PORT, FIRSTCOME_DATA, …); flags override them.`

function addToken(program: Command): Command {
  const ttl = new Option('--ttl <duration>', 'how long it is valid: 90s, 10m, 24h, 7d')
  return addCommand(program, 'token', {
    summary: 'Make a token for a user or an operator, and print it.',
    examples: [
      'token --user kim',
      'token --operator lee --ttl 1h',
      `$ curl -X POST -H "Authorization: Bearer $(npx firstcome token --user kim)" \\
      http://127.0.0.1:8080/coupons/first-sale/claims`,
    ],
    notes: `
It is signed with FIRSTCOME_JWT_SECRET, or with the secret that the first start left in the data
directory. Anyone who has it may act as that user until it ends.`,
  })
    .addOption(new Option('--user <name>', 'a user who claims').conflicts('operator'))
    .option('--operator [name]', 'an operator who runs coupons ("operator" without a name)')
    .addOption(ttl.argParser(parseDuration).default(86_400, '24h'))
    .option('--json', 'print JSON: token, sub, operator, expiresAt')
}
