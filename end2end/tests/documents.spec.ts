// What extensions, translators and servers in between do to a document before the WASM takes it over, and what becomes of a
// page whose WASM breaks later.

import type { Page } from '@playwright/test';

import { type Site, expect, test } from '../support/test.ts';
import { type Wearer, ada, grace } from '../support/wearer.ts';

/** Changes to a document, made as soon as it is there. */
const changes = {
  'an element first in the body': () => document.body.prepend(document.createElement('grammar-helper')),
  'an element last in the body': () => document.body.append(document.createElement('grammar-helper')),
  'an element first in the page': () => document.querySelector('header')?.before(document.createElement('div')),
  'icons beside the inputs': () => {
    for (const input of document.querySelectorAll('input')) input.after(document.createElement('span'));
  },
  'icons before the inputs, and wrappers around them': () => {
    for (const input of document.querySelectorAll('input')) {
      const wrapper = document.createElement('div');
      input.replaceWith(wrapper);
      wrapper.append(document.createElement('img'), input);
    }
  },
  'no comments': () => {
    const comments = document.createNodeIterator(document.documentElement, NodeFilter.SHOW_COMMENT);
    const found: Node[] = [];
    for (let node = comments.nextNode(); node; node = comments.nextNode()) found.push(node);
    for (const node of found) node.parentNode?.removeChild(node);
  },
  'texts in other elements': () => {
    const texts = document.createNodeIterator(document.body, NodeFilter.SHOW_TEXT);
    const found: Node[] = [];
    for (let node = texts.nextNode(); node; node = texts.nextNode()) found.push(node);
    for (const node of found) {
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      inner.textContent = node.textContent;
      outer.append(inner);
      node.parentNode?.replaceChild(outer, node);
    }
  },
  'texts joined': () => document.body.normalize(),
  'an element less': () => document.querySelector('footer')?.remove(),
} satisfies Record<string, () => void>;

/** Lets something change each of the page's documents, before anything of ours runs in it. */
async function changed(page: Page, change: () => void): Promise<void> {
  await page.addInitScript(`addEventListener('DOMContentLoaded', ${change})`);
}

async function everythingWorks(page: Page, site: Site, wearer: Wearer): Promise<void> {
  await wearer.register(ada);
  await wearer.callApi();
  await expect(page.getByRole('main')).toContainText(ada.email);
  await wearer.renew();
  await wearer.openAccount(ada);
  await page.getByLabel('Name', { exact: true }).fill('Augusta King');
  await page.getByRole('button', { name: 'Change the name' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your name is changed' })).toBeVisible();
  await wearer.openDevices();
  await wearer.open('/');
  await expect(page.getByRole('region', { name: 'Your badge' })).toContainText('Augusta King');
  await wearer.signOut();
  await wearer.expectSignedOut();
  await wearer.openForm('/sign-in');
  await wearer.submitSignIn({ ...ada, password: 'not this one' });
  await expect(page.getByRole('alert').filter({ hasText: /wrong/i })).toBeVisible();
  await page.getByLabel('Password', { exact: true }).fill(ada.password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await wearer.expectSignedIn({ ...ada, name: 'Augusta King' });
  const plain = site.proxy.seen('/auth/login').filter(({ sent }) => sent.accept?.includes('text/html'));
  expect(plain, 'each was sent by the WASM').toEqual([]);
}

for (const [what, change] of Object.entries(changes)) {
  test(`a document with ${what} comes to life`, async ({ page, site, wearer }) => {
    await changed(page, change);
    await everythingWorks(page, site, wearer);
  });
}

test('a document whose nodes were exchanged is drawn anew, and keeps what was typed', async ({ page, site, wearer, problems }) => {
  // As many nodes of each kind as before, so that only hydration itself can find out.
  await page.addInitScript(() => addEventListener('DOMContentLoaded', () => {
    if (location.pathname !== '/sign-in') return;
    const field = document.querySelector<HTMLInputElement>('input[name=email]');
    field?.closest('.field')?.append(field.closest('.field')?.querySelector('label') ?? '');
    for (const link of document.querySelectorAll('header nav')) link.prepend(link.lastChild ?? '');
    if (!field || sessionStorage.getItem('typed')) return;
    sessionStorage.setItem('typed', 'once');
    field.value = 'typed@before.test';
    field.focus();
  }));
  await wearer.openForm('/sign-in');
  await expect(page.getByLabel('Email', { exact: true })).toHaveValue('typed@before.test');
  await expect(page.getByLabel('Email', { exact: true })).toBeFocused();
  await everythingWorks(page, site, wearer);
  const panics = problems.splice(0, Infinity);
  expect(panics.join('\n'), 'hydration did fail').toMatch(/panicked/);
});

test('an untouched document is taken over, node by node', async ({ page, wearer, site }) => {
  await wearer.register(ada);
  for (const path of ['/', '/dashboard', '/devices', '/account', '/sign-in', '/register', '/nowhere']) {
    const rule = site.proxy.trouble('/pkg/lanyard_bg.wasm', { kind: 'hold' });
    await page.goto(site.url + path, { waitUntil: 'commit' });
    const heading = await page.waitForSelector('h1');
    rule.end();
    await expect(page.getByRole('banner').getByRole('link', { name: ada.name })).toBeVisible();
    expect(await heading.evaluate((it) => it.isConnected), path).toBe(true);
  }
});

/** The next element of this kind can't be made: then leptos panics, wherever it is. */
async function breakOnce(page: Page, name: string): Promise<void> {
  await page.evaluate((name) => {
    const make = Document.prototype.createElement;
    document.createElement = (kind: string) => {
      if (kind !== name) return make.call(document, kind);
      document.createElement = make;
      throw new Error('none of those');
    };
  }, name);
}

test.describe('a page that breaks later', () => {
  test.afterEach(({ problems, browserName }) => {
    const panics = problems.splice(0, Infinity);
    expect(panics.join('\n'), 'it did break').toMatch(/panicked/);
    // Firefox tells debuggers of rejections that were taken care of.
    if (browserName !== 'firefox') expect(panics.join('\n'), 'and what is left of it keeps quiet').not.toContain('previous WASM instance');
  });

  test('is drawn anew, and nothing that was typed is lost', async ({ page, wearer, newTab, site }) => {
    await wearer.register(ada);
    await page.getByLabel('Leave a note at the desk').fill('half a note');
    await page.getByLabel('Leave a note at the desk').focus();
    await breakOnce(page, 'pre');
    const before = site.proxy.seen('/auth/refresh').length;
    await page.getByRole('button', { name: 'Call the API' }).dispatchEvent('click');
    await expect(page.getByRole('main'), 'another instance takes the session up').toContainText('the session was taken up again');
    await wearer.expectSignedIn(ada);
    expect(site.proxy.seen('/auth/refresh').length).toBe(before + 1);
    await expect(page.getByLabel('Leave a note at the desk')).toHaveValue('half a note');
    await expect(page.getByLabel('Leave a note at the desk')).toBeFocused();
    await wearer.callApi();
    // The router, the other tabs and what is typed into a form.
    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    await expect(wearer.thisDevice).toBeVisible();
    await page.goBack();
    await wearer.expectSignedIn(ada);
    const other = await newTab();
    await other.open('/dashboard');
    await other.expectSignedIn(ada);
    await other.renew();
    await expect(wearer.journal).toContainText('another tab renewed');
    await other.signOut();
    await wearer.expectSentToSignIn(/signed out/);
  });

  test('gives back the lock that it held', async ({ page, wearer, site }) => {
    await wearer.register(ada);
    const rule = site.proxy.trouble('/auth/refresh', { kind: 'hold' }, 1);
    await page.getByRole('button', { name: 'Renew now' }).click();
    await expect.poll(() => rule.hits).toBe(1);
    await breakOnce(page, 'li');
    await page.getByRole('button', { name: 'Call the API' }).click();
    const restored = site.proxy.next('/auth/refresh', ({ status }) => status === 200);
    await restored;
    await wearer.expectSignedIn(ada);
    const held = await page.evaluate(() => navigator.locks.query().then(({ held, pending }) => [...held ?? [], ...pending ?? []].length));
    expect(held).toBe(0);
    rule.end();
    await wearer.renew();
  });

  test('is not drawn again and again', async ({ page, wearer, site }) => {
    await wearer.register(ada);
    await page.evaluate(() => {
      const make = Document.prototype.createElement;
      document.createElement = (kind: string) => {
        if (kind === 'pre' || kind === 'header') throw new Error('none of those');
        return make.call(document, kind);
      };
    });
    await page.getByRole('button', { name: 'Call the API' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'This page broke' })).toBeVisible();
    await page.getByRole('button', { name: 'Reload' }).click();
    await wearer.expectSignedIn(ada);
    expect(site.proxy.seen('/pkg/lanyard_bg.wasm', 'GET').length, 'what was loaded is used again').toBeLessThan(4);
  });

  test('keeps what one person typed from the next', async ({ page, wearer, newTab }) => {
    await wearer.register(grace);
    await wearer.signOut();
    await wearer.register(ada);
    await page.getByLabel('Leave a note at the desk').fill('for my eyes only');
    await breakOnce(page, 'pre');
    const other = await newTab();
    await other.openForm('/sign-in');
    // Grace signs in while Ada's page lies broken: whichever comes first, the note is gone.
    await other.submitSignIn(grace);
    await wearer.comeToFront();
    await wearer.expectSignedIn(grace);
    await page.getByRole('button', { name: 'Call the API' }).click();
    await expect(page.getByRole('main')).toContainText('the session was taken up again');
    await expect(page.getByLabel('Leave a note at the desk')).toHaveValue('');
  });
});
