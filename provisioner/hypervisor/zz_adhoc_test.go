package hypervisor
import ("testing";"os";"bufio";"context";"time";"errors";"fmt";"holm/guest/report";"holm/provisioner/machine";"io";"os/exec")
func TestAdhoc(t *testing.T){
 h:=qemuHost(t); s:=helperSpec(t,h)
 k,_:=os.ReadFile("/tmp/hh/vmlinuz"); os.WriteFile(s.Kernel,k,0644); k,_=os.ReadFile("/tmp/hh/initrd.gz"); os.WriteFile(s.Initrd,k,0644)
 s.Cmdline="console=ttyS0 panic=5 "; s.MemoryMiB=512
 n,_:=helperNetwork().XML(); x,_:=machine.Domain(s)
 if err:=errors.Join(h.EnsureNetwork(t.Context(),n),h.Define(t.Context(),x)); err!=nil {t.Fatal(err)}
 ev,_:=h.Watch(t.Context(),helperUUID); <-ev
 start:=time.Now()
 if err:=h.Start(t.Context(),helperUUID);err!=nil{t.Fatal(err)}
 fmt.Println("start took",time.Since(start), <-ev)
 out,_:=exec.Command("sh","-c","ls -la "+s.Kernel+" "+s.Initrd+" "+s.RootDisk+" "+s.StateDisk+" "+s.Seed+" "+s.ConsoleLog+"; tr '\\0' ' ' < /proc/$(cat /run/libvirt/qemu/"+helperName+".pid)/cmdline; cat /proc/$(cat /run/libvirt/qemu/"+helperName+".pid)/status | grep -E 'Seccomp|CapEff|Uid'; cat /sys/class/net/vnet*/brport/isolated; ebtables -t nat -L 2>&1 | head -40").CombinedOutput(); fmt.Println(string(out))
 p,err:=h.Channel(t.Context(),helperUUID,report.Port); if err!=nil{t.Fatal(err)}
 r:=bufio.NewReader(p)
 fmt.Fprintf(p,"hello\n"); l,err:=r.ReadString('\n'); fmt.Println(l,err,time.Since(start))
 c,err:=h.Console(t.Context(),helperUUID); fmt.Println("console",err); if err==nil{c.Close()}
 ctx,cancel:=context.WithTimeout(t.Context(),20*time.Second); defer cancel()
 t0:=time.Now(); live,err:=h.DetachDisk(ctx,helperUUID,"vdc"); fmt.Println("detach",live,err,time.Since(t0))
 live,err=h.DetachDisk(ctx,helperUUID,"vdc"); fmt.Println("detach again",live,err)
 st,err:=h.Stats(t.Context(),helperUUID); fmt.Printf("%+v %v\n",st,err)
 os.Stdout.WriteString("shutdown\n"); 
 fmt.Fprintf(p,"reboot\n"); fmt.Fprintf(p,"hello2\n"); 
 for i:=0;i<3;i++ { l,err=r.ReadString('\n'); fmt.Printf("after reboot %q %v %v\n",l,err,time.Since(t0)); if err!=nil||l=="echo hello2\n"{break} ; }
 fmt.Fprintf(p,"panic\n")
 for i:=0;i<2;i++{ select{ case e:=<-ev: fmt.Println("event",e); case <-time.After(40*time.Second): fmt.Println("none") } ; if s,_:=h.State(t.Context(),helperUUID); s=="crashed" {fmt.Println("state",s);break} }
 _,err=io.Copy(io.Discard,r); fmt.Println("channel end",err); p.Close()
 fmt.Println(h.Start(t.Context(),helperUUID)); fmt.Println(<-ev)
 p,_=h.Channel(t.Context(),helperUUID,report.Port); r=bufio.NewReader(p); fmt.Fprintf(p,"off\n"); 
 for{ e:=<-ev; fmt.Println("event",e); if e.State=="off"{break} }
 p.Close()
 b,_:=os.ReadFile(s.ConsoleLog); if len(b)>2500{b=b[len(b)-2500:]}; fmt.Println(string(b))
}
