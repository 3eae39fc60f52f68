import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** Somebody with an account at the provider. */
export type Person = { name: string; email: string; groups: string[] };

/** What goes wrong between Backstep, the browser and the provider. Each is called where it says, and changes what passes. */
export type Tampering = {
  /** The query of the authorization request, as the provider gets it. */
  authorization?: (query: URLSearchParams) => void;
  /** The address that the provider sends the browser back to. */
  callback?: (address: URL) => void;
  /** The token request's form and headers. */
  tokenRequest?: (form: URLSearchParams, headers: IncomingMessage['headers']) => void;
  /** The ID token in the answer; what it gives is sent instead (`undefined`: none). */
  idToken?: (token: IdToken) => string | undefined;
  /** The user-info endpoint's answer. */
  userInfo?: (claims: Record<string, unknown>) => void;
};

/** A provider, `oidc-provider` from npm, behind a proxy that a test can make tamper with what passes. */
export type OidcProvider = {
  issuer: string;
  people: Map<string, Person>;
  tampering: Tampering;
  /** The addresses that browsers were sent back to, as the provider meant them. */
  callbacks: URL[];
  stop: () => Promise<void>;
};

/** Backstep, as the provider knows it. */
export const CLIENT = { id: 'backstep', secret: 'the-clients-secret-of-at-least-32-characters' };

const KEY_ID = 'the-providers-key';

/** Starts a provider on a free port, for a Backstep server at `backstep`. */
export async function startProvider(backstep: string): Promise<OidcProvider> {
  const people = new Map<string, Person>();
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

  const front = await listening((incoming, answer) => void proxy(incoming, answer));
  const issuer = address(front);
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${backstep}/sign-in/oidc/callback`],
        post_logout_redirect_uris: [`${backstep}/sign-in`],
      },
    ],
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }] },
    claims: { openid: ['sub', 'groups'], profile: ['name'], email: ['email'] },
    // Claims in the ID token, as Keycloak, Entra ID and Dex have them; what is left out there is at /me.
    conformIdTokenClaims: false,
    cookies: { keys: ['a-key-of-this-test'] },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => void (ctx.body = page(LOGOUT.replace('FORM', form))) },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    // Nobody is asked to consent: Backstep is the company's own.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client!.clientId, accountId: ctx.oidc.session!.accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    findAccount: (_ctx, id) => {
      const person = people.get(id);
      return person && { accountId: id, claims: () => ({ sub: id, ...person }) };
    },
    renderError: (ctx, out) => void (ctx.body = page(`<h1>The provider refuses</h1><p>${out.error}: ${out.error_description}</p>`)),
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    if (ctx.method === 'GET') return void (ctx.body = page(LOGIN));
    const form = new URLSearchParams(await body(ctx.req));
    const login = form.get('login') ?? '';
    if (form.has('decline')) {
      await provider.interactionFinished(ctx.req, ctx.res, { error: 'access_denied', error_description: 'declined' });
    } else if (people.has(login)) {
      await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: login } });
    } else {
      ctx.body = page(LOGIN);
      return;
    }
    ctx.respond = false;
  });
  const back = await listening(provider.callback());
  const { port } = back.address() as AddressInfo;

  const state: OidcProvider = {
    issuer,
    people,
    tampering: {},
    callbacks: [],
    stop: async () => {
      await Promise.all([front, back].map((server) => new Promise((done) => (server.close(done), server.closeAllConnections()))));
    },
  };

  async function proxy(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(incoming.url!, issuer);
    const headers = { ...incoming.headers };
    let sent = await body(incoming);
    if (url.pathname === '/auth') state.tampering.authorization?.(url.searchParams);
    if (url.pathname === '/token' && state.tampering.tokenRequest) {
      const form = new URLSearchParams(sent);
      state.tampering.tokenRequest(form, headers);
      sent = form.toString();
      headers['content-length'] = String(Buffer.byteLength(sent));
    }
    const options = { port, host: '127.0.0.1', method: incoming.method, path: url.pathname + url.search, headers };
    const passed = request(options, async (reply) => {
      const replyHeaders = { ...reply.headers };
      let received = await body(reply);
      if (url.pathname === '/token') received = changedTokens(received);
      if (url.pathname === '/me' && reply.statusCode === 200) received = changedUserInfo(received);
      if (replyHeaders.location?.startsWith(`${backstep}/sign-in/oidc/callback`)) {
        const to = new URL(replyHeaders.location);
        state.callbacks.push(new URL(to));
        state.tampering.callback?.(to);
        replyHeaders.location = to.href;
      }
      delete replyHeaders['transfer-encoding'];
      replyHeaders['content-length'] = String(Buffer.byteLength(received));
      answer.writeHead(reply.statusCode!, replyHeaders).end(received);
    });
    passed.once('error', (error) => answer.writeHead(502).end(String(error)));
    passed.end(sent);
  }

  function changedTokens(received: string): string {
    const tokens = JSON.parse(received);
    if (!state.tampering.idToken || !tokens.id_token) return received;
    tokens.id_token = state.tampering.idToken(new IdToken(tokens.id_token, key));
    return JSON.stringify(tokens);
  }

  function changedUserInfo(received: string): string {
    const claims = JSON.parse(received);
    state.tampering.userInfo?.(claims);
    return JSON.stringify(claims);
  }

  return state;
}

/** An ID token that passes, and what can be made of it by somebody who has the provider's key, or has not. */
export class IdToken {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, any>;
  readonly #parts: string[];
  readonly #key: KeyObject;

  constructor(token: string, key: KeyObject) {
    this.#parts = token.split('.');
    this.#key = key;
    [this.header, this.claims] = this.#parts.slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  }

  /** Signed with the provider's own key again, with other claims (`undefined` leaves one out) and header. */
  with(claims: Record<string, unknown>, header: Record<string, unknown> = {}): string {
    return this.#signed(this.#key, { ...this.claims, ...claims }, { ...this.header, ...header });
  }

  /** As it is, but signed with another RSA key under the same name. */
  forged(): string {
    return this.#signed(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, this.claims, this.header);
  }

  /** With `alg: none` and no signature. */
  unsigned(): string {
    return `${encoded({ alg: 'none' })}.${encoded(this.claims)}.`;
  }

  /** With `alg: HS256`, signed with a secret, or with the provider's public key as if it were one. */
  withSecret(secret?: string): string {
    const key = secret ?? createPublicKey(this.#key).export({ format: 'pem', type: 'spki' });
    const message = `${encoded({ alg: 'HS256', kid: KEY_ID })}.${encoded(this.claims)}`;
    return `${message}.${createHmac('sha256', key).update(message).digest('base64url')}`;
  }

  /** With one bit of the signature changed. */
  flipped(): string {
    const signature = Buffer.from(this.#parts[2], 'base64url');
    signature[0] ^= 1;
    return `${this.#parts[0]}.${this.#parts[1]}.${signature.toString('base64url')}`;
  }

  /** With other claims under the old signature. */
  rewritten(claims: Record<string, unknown>): string {
    return `${this.#parts[0]}.${encoded({ ...this.claims, ...claims })}.${this.#parts[2]}`;
  }

  #signed(key: KeyObject, claims: object, header: object): string {
    const message = `${encoded(header)}.${encoded(claims)}`;
    return `${message}.${sign('RSA-SHA256', Buffer.from(message), key).toString('base64url')}`;
  }
}

const encoded = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');

const LOGIN = `<h1>Example Login</h1><form method="post">
  <label>Name <input name="login" autofocus></label> <button>Log in</button> <button name="decline" value="yes">Decline</button>
</form>`;

const LOGOUT = `<h1>Log out of Example Login?</h1>FORM<button form="op.logoutForm" name="logout" value="yes">Log out</button>`;

function page(content: string): string {
  const icon = '<link rel="icon" href="data:,">';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Example Login</title>${icon}<main>${content}</main></html>`;
}

async function body(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function listening(handler: (incoming: IncomingMessage, answer: ServerResponse) => void): Promise<HttpServer> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return server;
}

function address(server: HttpServer): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
