-- The second peer of reads and durable updates. Arguments: port, directory, wal mode (none: reads; fsync: updates).
box.cfg {
    listen = '127.0.0.1:' .. arg[1],
    work_dir = arg[2],
    wal_mode = arg[3],
    memtx_memory = 4 * 1024 * 1024 * 1024,
    -- 50 connections with 64 requests each are more than the default of 768 messages, and a read of 16 KiB is less
    -- than 64 requests: the peer gets what it needs.
    net_msg_max = 16384,
    readahead = 1024 * 1024,
    -- No checkpoint in the midst of a measurement.
    checkpoint_interval = 0,
    log_level = 3,
}
box.schema.space.create('contact', { id = 512, if_not_exists = true })
box.space.contact:create_index('primary', { type = 'hash', parts = { 1, 'unsigned' }, if_not_exists = true })
box.schema.user.grant('guest', 'read,write', 'space', 'contact', { if_not_exists = true })
