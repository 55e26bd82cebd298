-- The copilot's own tables: where its graph left off, and the index of passages. Never evidence.
-- Bodies are sealed by the copilot with a key that is not in this database.

create table copilot.checkpoint (
    thread text not null,
    namespace text not null,
    checkpoint text not null,
    body bytea not null,
    primary key (thread, namespace, checkpoint)
);

create table copilot.checkpoint_write (
    thread text not null,
    namespace text not null,
    checkpoint text not null,
    task text not null,
    place integer not null,
    body bytea not null,
    primary key (thread, namespace, checkpoint, task, place)
);

create table copilot.embedding (
    passage bigint primary key,
    vector public.vector(384) not null,
    model text not null
);

create index embedding_near on copilot.embedding using hnsw (vector public.vector_cosine_ops);

grant usage on schema copilot to gh_agent;
grant select, insert, update, delete on copilot.checkpoint, copilot.checkpoint_write, copilot.embedding to gh_agent;
