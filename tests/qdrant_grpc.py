"""The scripted Qdrant's second door: the same calls over gRPC, by the stubs that the client brings along."""

import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc as transport  # type: ignore[import-untyped]
from qdrant_client import grpc, models
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc
from qdrant_client.grpc.collections_service_pb2_grpc import CollectionsServicer, add_CollectionsServicer_to_server
from qdrant_client.grpc.points_service_pb2_grpc import PointsServicer, add_PointsServicer_to_server
from qdrant_client.grpc.qdrant_pb2_grpc import QdrantServicer, add_QdrantServicer_to_server

from tests.qdrant_local import LocalQdrant
from tests.qdrant_server import Hanging, Refusing, ScriptedQdrant, Slow

Do = Callable[[Awaitable[Any]], Any]


class Points(PointsServicer):
    def __init__(self, store: LocalQdrant, do: Do) -> None:
        self.store, self.do = store, do

    def Upsert(self, request: Any, context: Any) -> Any:  # noqa: N802
        points = [GrpcToRest.convert_point_struct(each) for each in request.points]
        return _updated(self.do(self.store.upsert(request.collection_name, points)))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        gone = GrpcToRest.convert_points_selector(request.points)
        return _updated(self.do(self.store.delete(request.collection_name, gone)))

    def QueryBatch(self, request: Any, context: Any) -> Any:  # noqa: N802
        wanted = [GrpcToRest.convert_query_points(each) for each in request.query_points]
        found = self.do(self.store.query_batch_points(request.collection_name, wanted))
        results = [grpc.BatchResult(result=[RestToGrpc.convert_scored_point(hit) for hit in r.points]) for r in found]
        return grpc.QueryBatchResponse(result=results, time=0.0)

    def Scroll(self, request: Any, context: Any) -> Any:  # noqa: N802
        start = GrpcToRest.convert_point_id(request.offset) if request.HasField("offset") else None
        records, _ = self.do(self.store.scroll(request.collection_name, limit=request.limit, offset=start))
        return grpc.ScrollResponse(result=[RestToGrpc.convert_retrieved_point(each) for each in records], time=0.0)

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        ids = [GrpcToRest.convert_point_id(each) for each in request.ids]
        records = self.do(self.store.retrieve(request.collection_name, ids, with_vectors=True))
        return grpc.GetResponse(result=[RestToGrpc.convert_retrieved_point(each) for each in records], time=0.0)

    def CreateFieldIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        return _updated(self.do(self.store.create_payload_index(request.collection_name, request.field_name)))


class Collections(CollectionsServicer):
    def __init__(self, store: LocalQdrant, do: Do) -> None:
        self.store, self.do = store, do

    def CollectionExists(self, request: Any, context: Any) -> Any:  # noqa: N802
        exists = self.do(self.store.collection_exists(request.collection_name))
        return grpc.CollectionExistsResponse(result=grpc.CollectionExists(exists=exists), time=0.0)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        vectors = GrpcToRest.convert_vectors_config(request.vectors_config)
        metadata = GrpcToRest.convert_payload(request.metadata)
        self.do(self.store.create_collection(request.collection_name, vectors, metadata=metadata))
        return grpc.CollectionOperationResponse(result=True, time=0.0)

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        info = self.do(self.store.get_collection(request.collection_name))
        return grpc.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(info), time=0.0)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        done = self.do(self.store.delete_collection(request.collection_name))
        return grpc.CollectionOperationResponse(result=done, time=0.0)

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802
        held = self.do(self.store.get_collections()).collections
        return grpc.ListCollectionsResponse(collections=[grpc.CollectionDescription(name=each.name) for each in held])

    def ListAliases(self, request: Any, context: Any) -> Any:  # noqa: N802
        held = self.do(self.store.get_aliases()).aliases
        return grpc.ListAliasesResponse(aliases=[RestToGrpc.convert_alias_description(each) for each in held])

    def UpdateAliases(self, request: Any, context: Any) -> Any:  # noqa: N802
        changes = [GrpcToRest.convert_alias_operations(each) for each in request.actions]
        done = self.do(self.store.update_collection_aliases(changes))
        return grpc.CollectionOperationResponse(result=done, time=0.0)


class Root(QdrantServicer):
    def HealthCheck(self, request: Any, context: Any) -> Any:  # noqa: N802
        return grpc.HealthCheckReply(title="qdrant - vector search engine", version="1.20.0")


class Mannered(transport.ServerInterceptor):  # type: ignore[misc]
    """Lets the server fail as it is told to."""

    def __init__(self, server: ScriptedQdrant) -> None:
        self.server = server

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)

        def behave(request: Any, context: Any) -> Any:
            self.server.asked.append(details.method)
            match self.server.manner:
                case Hanging() | Slow():
                    while context.is_active() and isinstance(self.server.manner, Hanging | Slow):
                        time.sleep(0.01)
                case Refusing(status, words):
                    context.abort(CODES[status], words)
            return handler.unary_unary(request, context)

        return transport.unary_unary_rpc_method_handler(
            behave, handler.request_deserializer, handler.response_serializer
        )


CODES = {
    401: transport.StatusCode.UNAUTHENTICATED,
    403: transport.StatusCode.PERMISSION_DENIED,
    404: transport.StatusCode.NOT_FOUND,
    500: transport.StatusCode.INTERNAL,
    503: transport.StatusCode.UNAVAILABLE,
}


@contextmanager
def serving_grpc(scripted: ScriptedQdrant) -> Iterator[int]:
    """Serve what *scripted* stores over gRPC, in its manner; give the port."""
    with ThreadPoolExecutor(16) as threads:
        server = transport.server(threads, interceptors=[Mannered(scripted)])
        add_PointsServicer_to_server(Points(scripted.store, scripted.do), server)
        add_CollectionsServicer_to_server(Collections(scripted.store, scripted.do), server)
        add_QdrantServicer_to_server(Root(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield port
        server.stop(None).wait()


def _updated(result: models.UpdateResult) -> Any:
    return grpc.PointsOperationResponse(result=RestToGrpc.convert_update_result(result), time=0.0)
