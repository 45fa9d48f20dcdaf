// Administration: what an administrator finds and does, and that nobody else does.

import { expect, test } from '../support/test.ts';
import { type Person, Wearer, ada, joan } from '../support/wearer.ts';

// Long badges: nothing is renewed meanwhile, so only the server's own word can end or change anything.
test.use({ lifetimes: { access: 600, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

/** What a page may take to show what others did: it asks every ten seconds. */
const FRESH = { timeout: 15_000 };

const PATHS = ['/admin', '/admin/users', '/admin/sessions', '/admin/audit?event=authn_login_fail', '/admin/activity'];

const hedy: Person = { name: 'Hedy Lamarr', email: 'hedy@lanyard.test', password: 'hops from note to note' };
const dorothy: Person = { name: 'Dorothy Vaughan', email: 'dorothy@lanyard.test', password: 'west area, first row' };

/** Joan, an administrator, and Hedy in another browser. */
const administration = test.extend<{ other: Wearer }>({
  other: async ({ wearer, newContext, site }, use) => {
    await site.server.makeAdmin(joan);
    const other = new Wearer(await (await newContext()).newPage(), site);
    await other.register(hedy);
    await wearer.comeToFront();
    await use(other);
  },
});

/** How a person's sign-in looks in a table. */
const rows = (wearer: Wearer, region: string) => wearer.main.getByRole('region', { name: region }).getByRole('row').filter({ has: wearer.page.getByRole('cell') });

administration('an administrator’s whole day, by keyboard alone', async ({ wearer, other, page, newContext, site }) => {
  test.setTimeout(180_000);
  const keys = page.keyboard;
  const link = (name: string, exact = true) => page.getByRole('link', { name, exact });
  const button = (name: string) => wearer.main.getByRole('button', { name });
  const told = (text: string | RegExp) => page.getByRole('status').filter({ hasText: text });
  await page.evaluate(() => addEventListener('pointerdown', () => console.error('a mouse was used')));

  await test.step('signs in', async () => {
    await wearer.openForm('/sign-in?next=%2Fadmin');
    await wearer.tabTo(page.getByLabel('Email', { exact: true }));
    await keys.type(joan.email);
    await wearer.tabTo(page.getByLabel('Password', { exact: true }));
    await keys.type(joan.password);
    await keys.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'People' })).toBeVisible();
    await expect(page).toHaveTitle('People · Administration · Lanyard');
  });

  await test.step('finds Hedy', async () => {
    await wearer.tabTo(page.getByRole('searchbox', { name: 'Search' }));
    await keys.type('lama');
    await keys.press('Enter');
    await expect(page.getByRole('heading', { name: 'Found' })).toBeFocused();
    await expect(page).toHaveURL(/\?search=lama$/);
    await expect(rows(wearer, 'Found')).toHaveCount(1);
    await wearer.press(link(hedy.name));
    await expect(page).toHaveTitle(`${hedy.name} · Administration · Lanyard`);
    await expect(page.getByRole('main')).toBeFocused();
  });

  await test.step('ends her session: she lands on sign-in, learns why, and comes back to where she was', async () => {
    await other.openAccount(hedy);
    await wearer.comeToFront();
    await expect(rows(wearer, 'Signed in')).toHaveCount(1);
    await wearer.pressAndConfirm(rows(wearer, 'Signed in').getByRole('button', { name: 'End' }), 'Keep it', 'End it');
    await expect(told('The session was ended.')).toBeVisible();
    await expect(rows(wearer, 'Signed in')).toHaveCount(0);
    await expect(page.getByRole('heading', { name: 'Signed in' })).toBeFocused();

    await other.page.getByRole('button', { name: 'Change the name' }).click();
    await other.expectSentToSignIn(/By an administrator/);
    await other.submitSignIn(hedy);
    await expect(other.page).toHaveURL(/\/account$/);
    await expect(other.page.getByLabel('Name', { exact: true })).toHaveValue(hedy.name);
  });

  await test.step('closes her account, and opens it again', async () => {
    await wearer.comeToFront();
    await expect(rows(wearer, 'Signed in')).toHaveCount(1, FRESH);
    await page.getByRole('heading', { level: 1 }).focus();
    await wearer.pressAndConfirm(button('Close the account'), 'Leave it open', 'Close it');
    await expect(told('The account is closed')).toBeVisible();
    await expect(page.getByText('closed since')).toBeVisible();
    await expect(page.getByRole('heading', { name: hedy.name })).toBeFocused();
    await expect(rows(wearer, 'Signed in')).toHaveCount(0);
    await other.page.getByRole('button', { name: 'Change the name' }).click();
    await other.expectSentToSignIn(/account is closed/);

    await wearer.comeToFront();
    await wearer.pressAndConfirm(button('Open the account'), 'Leave it closed', 'Open it');
    await expect(told('The account is open again.')).toBeVisible();
    await other.openForm('/sign-in');
    await other.submitSignIn(hedy);
    await other.expectSignedIn(hedy);
  });

  await test.step('makes her an administrator, whose open page says so without a new sign-in', async () => {
    const admin = other.page.getByRole('banner').getByRole('link', { name: 'Admin' });
    await expect(admin).toHaveCount(0);
    const signIns = site.proxy.seen('/auth/login').length;
    await wearer.comeToFront();
    await page.getByRole('heading', { level: 1 }).focus();
    await wearer.pressAndConfirm(button('Make administrator'), 'Better not', 'Make administrator');
    await expect(told('An administrator from now on.')).toBeVisible();
    await expect(button('Take administration away')).toBeVisible();
    await other.callApi();
    await expect(admin).toBeVisible();
    expect(site.proxy.seen('/auth/login').length).toBe(signIns);
  });

  await test.step('reads the audit log with a filter, which the address keeps', async () => {
    await wearer.comeToFront();
    await wearer.press(link('All of it, in the audit log'));
    await expect(page).toHaveTitle('Audit log · Administration · Lanyard');
    await expect(page.getByText('Only about')).toBeVisible();
    await wearer.tabTo(page.getByRole('combobox', { name: 'What happened' }));
    await keys.type('Session ended');
    await wearer.press(button('Show'));
    await expect(page.getByRole('heading', { name: 'The newest first' })).toBeFocused();
    await expect(page).toHaveURL(/\?user=[\w-]+&event=authn_token_revoked$/);
    const entries = rows(wearer, 'The newest first');
    const check = async () => {
      await expect(entries.filter({ hasText: 'Session ended by an administrator' })).toHaveCount(1);
      await expect(entries.filter({ hasText: 'Session ended: account closed' })).toHaveCount(1);
      await expect(entries.filter({ hasText: joan.name })).toHaveCount(2);
      await expect(entries.filter({ hasNotText: 'Session ended' })).toHaveCount(0);
    };
    await check();
    await page.reload();
    await check();
    await expect(page.getByRole('combobox', { name: 'What happened' })).toHaveValue('authn_token_revoked');
  });

  await test.step('looks at what the server does, as a picture and as a table', async () => {
    await wearer.press(link('Activity'));
    const answers = [...site.proxy.seen('/auth/login'), ...site.proxy.seen('/auth/register')];
    const signIns = answers.filter(({ status }) => status === 200).length;
    await expect(page.getByRole('img', { name: `Sign-ins ${signIns} in the last 10 minutes` })).toBeVisible();
    await wearer.press(page.getByText('The same as a table'));
    const rows = page.getByRole('table', { name: 'The same as a table' }).getByRole('row');
    await expect(rows).toHaveCount(61);
    const counts = await rows.evaluateAll((rows) => rows.slice(1).map((row) => Number(row.children[1]!.textContent)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(signIns);
  });

  await test.step('makes an account', async () => {
    await wearer.tabTo(link('People'), -1);
    await keys.press('Enter');
    await wearer.press(page.getByText('Make an account'));
    for (const [label, text] of [['Name', dorothy.name], ['Email', hedy.email], ['Password', dorothy.password]] as const) {
      await wearer.tabTo(page.getByLabel(label, { exact: true }));
      await keys.type(text);
    }
    await wearer.tabTo(page.getByRole('checkbox', { name: /^Administrator/ }));
    await keys.press('Space');
    await wearer.press(button('Make the account'));
    await expect(page.getByRole('alert').filter({ hasText: 'has an account already' })).toBeVisible();
    const email = page.getByLabel('Email', { exact: true });
    await expect(email).toBeFocused();
    await keys.press('ControlOrMeta+a');
    await keys.type(dorothy.email);
    await keys.press('Enter');
    await expect(page).toHaveTitle(`${dorothy.name} · Administration · Lanyard`);
    const her = new Wearer(await (await newContext()).newPage(), site);
    await her.signIn(dorothy);
    await expect(her.page.getByRole('banner').getByRole('link', { name: 'Admin' })).toBeVisible();
  });
});

administration('whoever is no administrator is told so, and nothing is asked for', async ({ other, site }) => {
  for (const path of PATHS) {
    await other.open(path);
    await expect(other.page.getByRole('heading', { name: 'This page is for administrators' })).toBeVisible();
    await expect(other.page.getByRole('link', { name: 'Admin' })).toHaveCount(0);
    await expect(other.page.getByRole('navigation', { name: 'Administration' })).toHaveCount(0);
  }
  await other.open(`/admin/users/00000000-0000-4000-8000-000000000000`);
  await expect(other.page.getByRole('heading', { name: 'This page is for administrators' })).toBeVisible();
  expect(site.proxy.log.filter(({ path }) => path.startsWith('/api/admin'))).toEqual([]);
});

administration('strangers go by way of sign-in to the page that they asked for, filter and all', async ({ wearer, page, site, other }) => {
  await other.signOut();
  for (const path of PATHS) {
    const answer = await page.request.get(site.url + path, { maxRedirects: 0 });
    expect([answer.status(), answer.headers().location]).toEqual([302, `/sign-in?next=${encodeURIComponent(path)}`]);
  }
  await wearer.openForm('/admin/audit?event=authn_login_success');
  await wearer.submitSignIn(joan);
  await expect(page).toHaveURL(`${site.url}/admin/audit?event=authn_login_success`);
  const entries = rows(wearer, 'The newest first');
  await expect(entries.filter({ hasText: joan.name })).toHaveCount(1);
  await expect(entries.filter({ hasNotText: 'Signed in' })).toHaveCount(0);
  // Today is included, by this device's clock.
  const today = await page.evaluate(() => new Date().toLocaleDateString('sv'));
  await page.getByLabel('Until, that day included').fill(today);
  const asked = site.proxy.next('/api/admin/audit', ({ path }) => path.includes('until='));
  await page.getByRole('button', { name: 'Show' }).click();
  await asked;
  await expect(page).toHaveURL(new RegExp(`&until=${today}$`));
  await expect(page.getByRole('table')).not.toHaveAttribute('aria-busy');
  await expect(entries.filter({ hasText: joan.name })).toHaveCount(1);
  // Of a day that is over nothing is here.
  await page.getByLabel('Until, that day included').fill('2020-02-29');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/&until=2020-02-29$/);
  await expect(page.getByText('Nothing of that kind happened.')).toBeVisible();
  await expect(entries).toHaveCount(0);
  await page.goBack();
  await expect(entries.filter({ hasText: joan.name })).toHaveCount(1);
  await expect(page.getByLabel('Until, that day included')).toHaveValue(today);
});

test('an audit log’s address that can’t be understood says so, and lists nothing', async ({ wearer, page, site, missing }) => {
  await site.server.makeAdmin(joan);
  await wearer.signIn(joan);
  for (const [query, told] of [
    ['event=authn_login', 'a kind of event that there is none of'],
    ['from=2026-02-30', 'all from a day on that is in no calendar'],
    ['until=tomorrow', 'all until a day that is in no calendar'],
    ['event=authn_login_success&user=ada', 'by no id that anybody could have'],
  ] as const) {
    await wearer.open(`/admin/audit?${query}`);
    await expect(page.getByRole('alert').filter({ hasText: told })).toBeVisible();
    await expect(page.getByText('Nothing is shown until that is clear.')).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
  }
  await expect(page.getByRole('combobox', { name: 'What happened' })).toHaveValue('authn_login_success');
  expect(site.proxy.seen('/api/admin/audit', 'GET')).toEqual([]);

  // Understood, and there is nothing: neither is that a dead end.
  const unknown = '00000000-0000-4000-8000-000000000000';
  missing.add(`/api/admin/users/${unknown}`);
  await wearer.open(`/admin/audit?user=${unknown}&event=authn_token_reuse`);
  await expect(page.getByText('Nothing of that kind happened.')).toBeVisible();
  await expect(page.getByText('somebody who has no account here')).toBeVisible();
  await page.getByRole('link', { name: 'Clear the filters' }).click();
  await expect(page).toHaveURL(`${site.url}/admin/audit`);
  await expect(page.getByRole('heading', { name: 'The newest first' })).toBeFocused();
  await expect(rows(wearer, 'The newest first').first()).toBeVisible();

  await wearer.openAdmin('/admin/users?search=nobody+of+that+name');
  await page.getByRole('link', { name: 'Show everybody' }).click();
  await expect(rows(wearer, 'Everybody').first()).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue('');
});

administration('roles follow at once: the open page of somebody who was made one, and of one who is none any more', async ({ wearer, other, page }) => {
  await wearer.signIn(joan);
  await other.open('/admin/sessions');
  await expect(other.page.getByRole('heading', { name: 'This page is for administrators' })).toBeVisible();
  await wearer.openAdmin('/admin/users?search=lamarr');
  await page.getByRole('link', { name: hedy.name }).click();
  await page.getByRole('button', { name: 'Make administrator' }).click();
  await page.getByRole('group').getByRole('button', { name: 'Make administrator' }).last().click();
  await expect(page.getByText('An administrator from now on.')).toBeVisible();
  await other.comeToFront();
  await other.page.getByRole('button', { name: 'Fetch a new badge' }).click();
  await expect(rows(other, 'The newest sign-in first')).toHaveCount(2);
  await expect(other.page.getByRole('heading', { level: 1 })).toBeFocused();

  await wearer.comeToFront();
  await page.getByRole('button', { name: 'Take administration away' }).click();
  await page.getByRole('button', { name: 'Take it away' }).click();
  await expect(page.getByText('No administrator any more.')).toBeVisible();
  await expect(other.page.getByRole('heading', { name: 'This page is for administrators' })).toBeVisible(FRESH);
  await expect(other.page.getByRole('banner')).toContainText(hedy.name);
});

test('an administrator can’t lock the last one out, and any other who goes is told', async ({ wearer, page, site }) => {
  await site.server.makeAdmin(joan);
  const role = (email: string, role: string) => site.server.command(['user', 'role', email, role]);
  await role('ada@example.com', 'user');
  await wearer.signIn(joan);
  await wearer.openAdmin('/admin/users?search=joan');
  await wearer.main.getByRole('link', { name: joan.name }).click();
  await expect(page.getByText('you', { exact: true })).toBeVisible();
  for (const [ask, yes] of [['Take administration away', 'Take it away'], ['Close the account', 'Close it']] as const) {
    await page.getByRole('button', { name: ask }).click();
    await page.getByRole('button', { name: yes, exact: true }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'This is the last administrator.' })).toBeVisible();
  }
  await expect(page.getByRole('button', { name: 'Close the account' })).toBeVisible();

  // A double click is one too many, and does nothing.
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 740 });
    for (const [ask, yes] of [['End all sessions', 'End them'], ['Close the account', 'Close it'], ['Take administration away', 'Take it away']] as const) {
      const button = page.getByRole('button', { name: ask });
      const { height } = (await button.boundingBox())!;
      await button.dblclick({ position: { x: 20, y: height - 2 } });
      await expect(page.getByRole('button', { name: yes, exact: true })).toBeVisible();
      await page.getByRole('button', { name: yes, exact: true }).press('Escape');
    }
  }

  await role('ada@example.com', 'admin');
  // Nothing is asked for any more that would be refused, and noted.
  const refused: string[] = [];
  page.on('response', (answer) => {
    if (answer.status() === 403) refused.push(answer.url());
  });
  await page.getByRole('button', { name: 'Take administration away' }).click();
  await page.getByRole('button', { name: 'Take it away' }).click();
  await expect(page.getByRole('heading', { name: 'This page is for administrators' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Admin' })).toHaveCount(0);
  await expect(page).toHaveTitle('Administration · Lanyard');
  expect(refused).toEqual([]);
});

test('a list goes on behind its page, and back', async ({ wearer, page, site }) => {
  await site.server.makeAdmin(joan);
  const names = Array.from({ length: 52 }, (_, number) => `Wearer ${number}`);
  for (const name of names) {
    const email = `${name.replace(' ', '-').toLowerCase()}@lanyard.test`;
    await site.server.command(['user', 'create', '--password-stdin', name, email], hedy.password);
  }
  await wearer.signIn(joan);
  await wearer.openAdmin('/admin/users?search=wearer');
  const found = rows(wearer, 'Found');
  const more = page.getByRole('link', { name: 'More' });
  await expect(found).toHaveCount(50);
  const first = await found.getByRole('link').allTextContents();
  await more.click();
  await expect(page).toHaveURL(/\?search=wearer&after=[\w-]+$/);
  await expect(found).toHaveCount(2);
  await expect(page.getByRole('heading', { name: 'Found' })).toBeFocused();
  await expect(more).toBeHidden();
  await page.reload();
  await expect(found).toHaveCount(2);
  const last = await found.getByRole('link').allTextContents();
  expect([...first, ...last].sort(), 'each once').toEqual(names.sort());
  await page.getByRole('link', { name: 'From the beginning' }).click();
  await expect(found).toHaveCount(50);
  await page.goBack();
  await expect(found).toHaveCount(2);
});

administration('everybody’s sessions, and what people are called, are shown as text', async ({ wearer, other, page, newContext, site, missing }) => {
  const hostile: Person = { ...ada, name: '<img src=x onerror=alert(1)> &amp; <b>kcab</b> 🦀' };
  const third = new Wearer(await (await newContext()).newPage(), site);
  await third.openForm('/register');
  await third.submitRegister(hostile);
  await expect(third.page).toHaveURL(/\/dashboard$/);
  page.on('dialog', (dialog) => { throw new Error(`a dialog: ${dialog.message()}`); });
  await wearer.comeToFront();
  await wearer.signIn(joan);
  await wearer.openAdmin('/admin/sessions');
  const hers = rows(wearer, 'The newest sign-in first').filter({ hasText: hostile.email });
  await expect(hers.getByRole('link')).toHaveText(hostile.name);
  await expect(rows(wearer, 'The newest sign-in first').filter({ hasText: hedy.name })).toHaveCount(1);
  await hers.getByRole('link').click();
  await expect(page).toHaveTitle(`${hostile.name} · Administration · Lanyard`);
  await expect(page.getByRole('heading', { name: hostile.name })).toBeVisible();
  await other.callApi();

  const unknown = '00000000-0000-4000-8000-000000000000';
  missing.add(`/api/admin/users/${unknown}`);
  for (const nobody of ['nobody', unknown]) {
    await wearer.open(`/admin/users/${nobody}`);
    await expect(page.getByText('This address names nobody.')).toBeVisible();
    await expect(page).toHaveTitle('Nobody · Administration · Lanyard');
  }
  await wearer.open('/admin/sessions?after=nowhere');
  await expect(page.getByRole('status').filter({ hasText: 'This address names no place in the list.' })).toBeVisible();
  await page.getByRole('link', { name: 'From the beginning' }).click();
  await expect(rows(wearer, 'The newest sign-in first').filter({ hasText: hostile.email })).toHaveCount(1);
});
