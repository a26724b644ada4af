import type { TypedDocumentNode } from "@apollo/client";
import { Kind, type OperationTypeNode } from "graphql";

/**
 * What stands for a document in a request: its kind and its name, by which it is sent (`Documents`). What it asks for, the server
 * knows; written out as trees, the documents of all pages are 260 KB of script.
 */
export function named<Data, Variables>(operation: `${OperationTypeNode}`, name: string): TypedDocumentNode<Data, Variables> {
  return {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        kind: Kind.OPERATION_DEFINITION,
        operation: operation as OperationTypeNode,
        name: { kind: Kind.NAME, value: name },
        selectionSet: { kind: Kind.SELECTION_SET, selections: [{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } }] },
      },
    ],
  };
}
