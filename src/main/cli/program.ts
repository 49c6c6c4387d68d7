// The commands, their options and their help: what a person can type, and nothing of what it does.
// Each command's code is loaded only when it runs, so that a small command starts fast.

import { Argument, Command, Help } from 'commander'
import {
  helpedSettings,
  neededSettings,
  settingNames,
  settingTable,
} from '../../config/setting-table.ts'
import { coupon } from './coupon-commands.ts'
import { deadLetters } from './dead-letter-commands.ts'
import {
  callOptions,
  type DeclaredCommand,
  type DeclaredCommands,
  option,
  settingOption,
} from './declared-command.ts'
import { parseDuration } from './option-values.ts'
import { proofCommands } from './proof-commands.ts'
import { redeem, redemption } from './redemption-commands.ts'
import { roleCommands } from './role-commands.ts'

/** Wires a command to its code. */
export type Wire = (command: Command, load: NonNullable<DeclaredCommand['load']>) => void

const helpWidth = 100

export function buildProgram({ version, wire }: { version: string; wire: Wire }): Command {
  const program: Command = new Command('firstcome')
    .description('First-come-first-served coupons, decided by a log and proved fair.')
    .version(version)
    .addOption(settingOption('data'))
    .option('--verbose', 'show where an unexpected error comes from')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'firstcome: ')),
    })
    .configureHelp({
      showGlobalOptions: true,
      // Of a command above only these are shared, as the place of the data.
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
    })
    .showSuggestionAfterError()
    .showHelpAfterError('Add --help to see what it takes.')
    .addHelpText('after', programHelp)
  const opens = { token, console: consoleCommand }
  const calls = { coupon, redeem, redemption, 'dead-letters': deadLetters }
  addCommands(program, { ...roleCommands, ...opens, ...calls, ...proofCommands }, wire)
  return program
}

const token: DeclaredCommand = {
  summary: 'Make a token for a user or an operator, and print it.',
  examples: [
    'token --user kim',
    'token --operator lee --ttl 1h',
    'token --user dashboard --scope viewer',
    `$ curl -X POST -H "Authorization: Bearer $(npx firstcome token --user kim)" \\
      http://127.0.0.1:8080/coupons/first-sale/claims`,
  ],
  notes: `
It is signed with FIRSTCOME_JWT_SECRET, or with the secret that the first start left in the data
directory, and has what FIRSTCOME_JWT_ISSUER and its siblings ask for. Anyone who has it may act as
that user until it ends.`,
  takes: [
    option('--user <name>', 'a user who claims').conflicts('operator'),
    option('--operator [name]', 'an operator who runs coupons ("operator" without a name)'),
    option('--scope <scope>', 'viewer: the user may see what operators see; redeem: a till')
      .choices(['viewer', 'redeem'])
      .conflicts('operator'),
    option('--ttl <duration>', 'how long it is valid: 90s, 10m, 24h, 7d', parseDuration).default(
      86_400,
      '24h',
    ),
    option('--json', 'print JSON: token, sub, operator, expiresAt'),
  ],
  load: async () => (await import('../commands/token.ts')).runToken,
}

const consoleCommand: DeclaredCommand = {
  summary: 'Print a link that signs a browser in to the console.',
  examples: ['console', 'console --viewer', 'console --url https://coupons.example'],
  notes: `
The link is good once, within a minute. Who follows it stays signed in for 12 hours, or with --token
until that token ends. --viewer: for one who sees everything and changes nothing.`,
  takes: [option('--viewer', 'for one who only looks'), ...callOptions],
  load: async () => (await import('../commands/console.ts')).runConsole,
}

const programHelp = `
Examples:
  $ npx firstcome start                                  run the service
  $ npx firstcome token --user kim                       a token to claim with
  $ npx firstcome coupon create --name "First sale" --quantity 100
  $ npx firstcome console                                a link to watch and steer the sale
  $ npx firstcome rehearse                               storm a coupon and see it hold
  $ npx firstcome audit                                  prove that it was fair
  $ npx firstcome migrate && npx firstcome api           one node of several, on Kafka

Exit codes:
  0  done
  1  a promise or a check failed, the service refused, or the output could not be written
  2  wrong usage or settings, or nothing was compared
  3  the service cannot be reached, or cannot answer now
  130  ended by Ctrl-C, after it has cleaned up

Settings come from the environment (FIRSTCOME_PORT, FIRSTCOME_DATA, …); flags override them.`

function addCommands(parent: Command, commands: DeclaredCommands, wire: Wire): void {
  for (const [name, declared] of Object.entries(commands)) {
    const command = parent.command(name).description(declared.summary)
    // Only roles and what runs before them have their settings explained.
    const settings = parent.parent === null ? settingLines(name) : []
    command.addHelpText('after', helpText(declared, settings))
    for (const taken of declared.takes ?? []) {
      if (taken instanceof Argument) command.addArgument(taken)
      else command.addOption(taken)
    }
    if (declared.load !== undefined) wire(command, declared.load)
    addCommands(command, declared.below ?? {}, wire)
  }
}

function helpText({ examples, notes }: DeclaredCommand, settings: readonly string[]): string {
  const typed = examples.map((line) => `  ${line.startsWith('$') ? '' : '$ npx firstcome '}${line}`)
  const parts = ['', 'Examples:', ...typed]
  if (settings.length > 0) parts.push('', 'Settings (environment):', ...settings)
  if (notes !== undefined) parts.push(notes)
  return parts.join('\n')
}

function settingLines(command: string): string[] {
  const help = new Help()
  help.prepareContext({ helpWidth })
  const patterns = helpedSettings[command] ?? []
  const names = settingNames.filter((name) => patterns.some((pattern) => pattern.test(name)))
  const width = Math.max(...names.map((name) => name.length))
  return names.map((name) => {
    const [, fallback, text] = settingTable[name]
    const note = neededSettings[command]?.includes(name) ? 'needed' : fallback
    return help.formatItem(name, width, note === null ? text : `${text} (${note})`, help)
  })
}
