import { TestBed } from "@angular/core/testing";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { Apollo } from "apollo-angular";
import { Subject } from "rxjs";
import { beforeEach, describe, expect, it } from "vitest";

import { named } from "./named";
import { Reading } from "./reading";

interface Two {
  readonly samples: string | null;
  readonly providers: string | null;
}

const query = named<Two, { readonly page: number }>("query", "Two");
const wrong = (...path: string[]) => new CombinedGraphQLErrors({ errors: [{ message: "It is broken.", path }] });

describe("Reading", () => {
  let asked: { variables: { page: number }; reply: Subject<{ data: Partial<Two> | undefined; error?: unknown }> }[];
  let reading: Reading;
  let told: unknown[];
  const ask = (page: number, fields: "samples" | readonly ("samples" | "providers")[]) => reading.ask(query, { page }, fields, (data) => told.push(data));
  const last = () => {
    const one = asked.at(-1);
    if (!one) throw new Error("nothing was asked");
    return one;
  };

  beforeEach(() => {
    asked = [];
    told = [];
    const apollo = {
      query: ({ variables }: { variables: { page: number } }) => {
        const reply = new Subject<{ data: Partial<Two> | undefined; error?: unknown }>();
        asked.push({ variables, reply });
        return reply;
      },
    };
    TestBed.configureTestingModule({ providers: [{ provide: Apollo, useValue: apollo }] });
    reading = TestBed.runInInjectionContext(() => new Reading());
  });

  it("leaves what is wrong with other fields to others", () => {
    ask(1, "samples");
    expect(reading.busy()).toBe(true);
    last().reply.next({ data: { samples: "some" }, error: wrong("providers", "edges") });
    expect([reading.busy(), reading.trouble(), told]).toEqual([false, null, [{ samples: "some" }]]);
  });

  it("says what is wrong with its own, or with all of it, and asks the same again", () => {
    ask(2, ["samples", "providers"]);
    for (const error of [wrong("providers"), wrong(), new TypeError("no network")]) {
      last().reply.next({ data: undefined, error });
      expect([reading.busy(), typeof reading.trouble(), told]).toEqual([false, "string", []]);
      reading.again();
      expect([reading.busy(), last().variables]).toEqual([true, { page: 2 }]);
    }
    last().reply.next({ data: { samples: "some", providers: "none" } });
    expect([reading.trouble(), told.length, asked.length]).toEqual([null, 1, 4]);
  });

  it("takes no answer to what is not asked any more", () => {
    ask(1, "samples");
    const first = last();
    ask(2, "samples");
    first.reply.next({ data: { samples: "old" } });
    expect([reading.busy(), told]).toEqual([true, []]);
    reading.stop();
    last().reply.next({ data: undefined, error: wrong() });
    expect([reading.busy(), reading.trouble(), told]).toEqual([false, null, []]);
  });

  it("reads anew in the way of its tile where a stream was refused", () => {
    ask(7, "samples");
    last().reply.next({ data: { samples: "some" } });
    reading.failed(wrong(), () => ask(1, "samples"));
    expect(reading.trouble()).toBe("It is broken.");
    reading.again();
    expect(last().variables).toEqual({ page: 1 });
  });
});
